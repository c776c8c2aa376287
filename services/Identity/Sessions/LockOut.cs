using System.Security.Cryptography;
using System.Text;
using MedCor.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Counts failed password attempts by e-mail address and locks the address for a growing time. Addresses without an account are counted
/// as well, so that a lock does not reveal whether an account exists.
/// </summary>
internal sealed class LockOut(IdentityDb db, TimeProvider clock)
{
    internal const int FreeAttempts = 5;
    private static readonly TimeSpan FirstLock = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestLock = TimeSpan.FromHours(1);

    /// <summary>The time without a failure after which the failures of an address are forgotten.</summary>
    internal static readonly TimeSpan ForgetAfter = TimeSpan.FromDays(1);

    /// <summary>Returns how long an address is locked after a number of failures in a row. Each further failure doubles the time, up to an hour.</summary>
    internal static TimeSpan LockDuration(int failures)
    {
        if (failures < FreeAttempts) return TimeSpan.Zero;
        var doublings = failures - FreeAttempts;
        return doublings > 20 ? LongestLock : TimeSpan.FromTicks(Math.Min(FirstLock.Ticks << doublings, LongestLock.Ticks));
    }

    /// <summary>Throws <see cref="RateLimited"/> while the address is locked.</summary>
    internal async Task ThrowIfLockedAsync(string emailKey, CancellationToken ct) =>
        ThrowIfStillLocked(await db.FailedLogIns.AsNoTracking().SingleOrDefaultAsync(f => f.EmailHash == HashOf(emailKey), ct));

    /// <summary>
    /// Records whether a password was correct, in the transaction that answers the request. Attempts on one address are recorded one at a time, and none while
    /// the address is locked: however many guesses are verified concurrently, no more are answered than the limit allows.
    /// </summary>
    internal async Task RecordAsync(string emailKey, bool isCorrect, CancellationToken ct)
    {
        var hash = HashOf(emailKey);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(hash)})", ct);

        var failed = await db.FailedLogIns.SingleOrDefaultAsync(f => f.EmailHash == hash, ct);
        ThrowIfStillLocked(failed);
        if (isCorrect)
        {
            if (failed is not null) db.Remove(failed);
        }
        else
        {
            var now = clock.GetUtcNow();
            if (failed is null) db.Add(failed = new() { EmailHash = hash });
            failed.Failures = failed.LastAt < now - ForgetAfter ? 1 : failed.Failures + 1;
            failed.LastAt = now;
            failed.LockedUntil = LockDuration(failed.Failures) is var pause && pause > TimeSpan.Zero ? now + pause : null;
        }
        await db.SaveChangesAsync(ct);
    }

    private void ThrowIfStillLocked(FailedLogIns? failed)
    {
        if (failed?.LockedUntil is { } until && until > clock.GetUtcNow())
            throw new RateLimited("Too many failed attempts. Wait before you try again.", (int)Math.Ceiling((until - clock.GetUtcNow()).TotalSeconds));
    }

    private static byte[] HashOf(string emailKey) => SHA256.HashData(Encoding.UTF8.GetBytes(emailKey));
}

/// <summary>Represents the failed password attempts in a row for one e-mail address.</summary>
internal sealed class FailedLogIns
{
    public required byte[] EmailHash { get; init; }
    public int Failures { get; set; }
    public DateTimeOffset LastAt { get; set; }
    public DateTimeOffset? LockedUntil { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<FailedLogIns>
    {
        public void Configure(EntityTypeBuilder<FailedLogIns> failed) => failed.ToTable("failed_logins").HasKey(f => f.EmailHash);
    }
}
