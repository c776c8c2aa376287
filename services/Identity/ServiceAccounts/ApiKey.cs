using MedCor.Contracts.Identity;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Represents an API key of a service account by its hash: enough to recognize the key, not enough to use it.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class ApiKey : Entity, ITenantOwned
{
    /// <summary>The maximum number of days for which a key is valid.</summary>
    internal const int MaxDays = 366;

    public required Guid HospitalId { get; init; }
    public required Guid ServiceAccountId { get; init; }
    public required string Name { get; init; }
    public required string Prefix { get; init; }
    public required byte[] Hash { get; init; }
    public required DateTimeOffset ExpiresAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Gets or sets the key that replaces this one; null when none does.</summary>
    public Guid? ReplacedBy { get; set; }

    /// <summary>Gets the time of the last use, to the minute; null before the first.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Returns the first moment at which a key that is valid to the end of a day, in UTC, is valid no longer.</summary>
    internal static DateTimeOffset EndOf(DateOnly day) => new(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero);

    /// <summary>Returns why a key cannot end with a day, or null when it can.</summary>
    internal static string? FindError(DateOnly day, DateTimeOffset now) =>
        DateOnly.FromDateTime(now.UtcDateTime) is var today && day >= today && day <= today.AddDays(MaxDays)
            ? null
            : FormattableString.Invariant($"must be a day from {today:yyyy-MM-dd} to {today.AddDays(MaxDays):yyyy-MM-dd}, in UTC");

    /// <summary>Returns whether the key may be used.</summary>
    internal bool IsValid(DateTimeOffset now) => RevokedAt is null && ExpiresAt > now;

    internal Contracts.Identity.ApiKey ToContract(DateTimeOffset now) => new(
        Id: Id,
        HospitalId: HospitalId,
        ServiceAccountId: ServiceAccountId,
        Name: Name,
        Prefix: Prefix,
        ExpiresOn: LastDay,
        ExpiresAt: ExpiresAt,
        LastUsedAt: LastUsedAt,
        RevokedAt: RevokedAt,
        IsActive: IsValid(now),
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    /// <summary>Returns the answer to the call that created the key.</summary>
    /// <param name="key">The key itself.</param>
    internal NewApiKey ToNew(string key) => new(
        Id: Id,
        HospitalId: HospitalId,
        ServiceAccountId: ServiceAccountId,
        Name: Name,
        Prefix: Prefix,
        ApiKey: key,
        ExpiresOn: LastDay,
        ExpiresAt: ExpiresAt,
        IsActive: true,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    private DateOnly LastDay => DateOnly.FromDateTime(ExpiresAt.UtcDateTime.AddTicks(-1));

    internal sealed class Configuration : IEntityTypeConfiguration<ApiKey>
    {
        public void Configure(EntityTypeBuilder<ApiKey> key) => key.ToTable("api_keys").HasKey(k => new { k.HospitalId, k.Id });
    }
}
