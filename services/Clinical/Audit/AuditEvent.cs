using MedCor.Contracts.Clinical;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.Audit;

/// <summary>
/// Represents an access as it was recorded. Events are added and never changed. The chain's hashes cover the JSON of this record, so a field may be added at
/// the end and be null in older events, but no field may be renamed or moved.
/// </summary>
internal sealed record AuditEvent : ITenantOwned
{
    /// <summary>Gets the id of the hospital; all zeros when an access by a platform administrator concerned no hospital.</summary>
    public required Guid HospitalId { get; init; }
    public required Guid Id { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required Guid UserId { get; init; }
    public required ActingRole Role { get; init; }
    public required Guid SessionId { get; init; }
    public required string Action { get; init; }
    public required string Resource { get; init; }
    public Guid? ResourceId { get; init; }
    public Guid[]? ResourceIds { get; init; }
    public long? ResourceVersion { get; init; }
    public Guid? PatientId { get; init; }
    public int Rows { get; init; }
    public required AuditOutcome Outcome { get; init; }
    public string? ClientAddress { get; init; }
    public string? PeerAddress { get; init; }
    public required string RequestId { get; init; }
    public string? TraceId { get; init; }
    public string? ClientId { get; init; }
    public string? Model { get; init; }

    /// <summary>Gets the emergency override under which the access was made. The database sets it.</summary>
    public Guid? EmergencyOverrideId { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<AuditEvent>
    {
        public void Configure(EntityTypeBuilder<AuditEvent> audit) => audit.ToTable("audit_events").HasKey(e => new { e.HospitalId, e.Id });
    }
}

/// <summary>Represents the link of an event in its hospital's chain.</summary>
internal sealed class AuditLink : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    /// <summary>Gets the position in the chain, counted from 1 without gaps.</summary>
    public required long Sequence { get; init; }
    public required Guid EventId { get; init; }
    public required byte[] Hash { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<AuditLink>
    {
        public void Configure(EntityTypeBuilder<AuditLink> link) => link.ToTable("audit_links").HasKey(l => new { l.HospitalId, l.Sequence });
    }
}

/// <summary>Represents an event that is not linked to its hospital's chain yet.</summary>
internal sealed class UnlinkedEvent : ITenantOwned
{
    public long Position { get; init; }
    public required Guid HospitalId { get; init; }
    public required Guid EventId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<UnlinkedEvent>
    {
        public void Configure(EntityTypeBuilder<UnlinkedEvent> unlinked) => unlinked.ToTable("audit_waiting").HasKey(w => w.Position);
    }
}
