using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Platform.Audit;

/// <summary>
/// Represents an access, or something else that was done, as it was recorded. Events are added and never changed. The chain's hashes cover the JSON of this
/// record, so a field may be added at the end and be null in older events, but no field may be renamed or moved.
/// </summary>
[PersonalData(OnErasure.Keep, nameof(AuditEvent.PatientId))]
public sealed record AuditEvent : ITenantOwned
{
    /// <summary>Gets the id of the hospital; all zeros when the event concerns no hospital, or nobody knows which.</summary>
    public required Guid HospitalId { get; init; }
    public required Guid Id { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Gets the id of the user; all zeros for somebody who has not logged in, and for the system.</summary>
    public required Guid UserId { get; init; }
    public required ActingRole Role { get; init; }

    [NotExported]
    public required Guid SessionId { get; init; }
    public required string Action { get; init; }
    public required string Resource { get; init; }
    public Guid? ResourceId { get; init; }
    public Guid[]? ResourceIds { get; init; }
    public long? ResourceVersion { get; init; }
    public Guid? PatientId { get; init; }
    public int Rows { get; init; }
    public required AuditOutcome Outcome { get; init; }

    [NotExported]
    public string? ClientAddress { get; init; }

    [NotExported]
    public string? PeerAddress { get; init; }

    /// <summary>Gets the id of the request; empty when no request caused the event.</summary>
    [NotExported]
    public required string RequestId { get; init; }

    [NotExported]
    public string? TraceId { get; init; }
    public string? ClientId { get; init; }
    public string? Model { get; init; }

    /// <summary>Gets the emergency override under which the access was made. The database of the service that has the overrides sets it.</summary>
    public Guid? EmergencyOverrideId { get; init; }

    /// <summary>Gets what the event is about; null for clinical content, when a replica of a version without kinds has recorded it.</summary>
    public AuditKind? Kind { get; init; }
    public string[]? Fields { get; init; }

    /// <summary>Gets the service that recorded the event and sent a copy; null in that service's own table.</summary>
    public string? Service { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<AuditEvent>
    {
        public void Configure(EntityTypeBuilder<AuditEvent> audit) => audit.ToTable("audit_events").HasKey(e => new { e.HospitalId, e.Id });
    }
}

/// <summary>Represents the link of an event in its hospital's chain.</summary>
[NoPersonalData(IsExported = false)]
public sealed class AuditLink : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    /// <summary>Gets the position in the chain, counted from 1 without gaps.</summary>
    public required long Sequence { get; init; }
    public required Guid EventId { get; init; }
    public required byte[] Hash { get; init; }
    /// <summary>Gets the id of the key that made the hash; null in links that are older than key ids.</summary>
    public string? KeyId { get; init; }
    /// <summary>Gets the hash that proves the event's id at this place without the event; null in links that are older than key ids.</summary>
    public byte[]? IdHash { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<AuditLink>
    {
        public void Configure(EntityTypeBuilder<AuditLink> link) => link.ToTable("audit_links").HasKey(l => new { l.HospitalId, l.Sequence });
    }
}

/// <summary>Represents an event that is not linked to its hospital's chain yet.</summary>
[NoPersonalData(IsExported = false)]
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

/// <summary>Queries the tables of the audit trail.</summary>
internal static class AuditTables
{
    /// <summary>Returns all recorded events.</summary>
    internal static IQueryable<AuditEvent> AuditEvents(this TenantDb db) => db.Rows<AuditEvent>();

    /// <summary>Returns the links of the chains.</summary>
    internal static IQueryable<AuditLink> AuditLinks(this TenantDb db) => db.Rows<AuditLink>();

    /// <summary>Returns the events that are not linked to a chain yet.</summary>
    internal static IQueryable<UnlinkedEvent> UnlinkedEvents(this TenantDb db) => db.Rows<UnlinkedEvent>();

    /// <summary>
    /// Reads the events with some keys. Their ids say in which partitions they are, where PostgreSQL would expect a join to search all of them.
    /// </summary>
    internal static Task<Dictionary<(Guid HospitalId, Guid Id), AuditEvent>> ReadAuditEventsAsync(this TenantDb db, List<(Guid HospitalId, Guid Id)> keys,
        CancellationToken ct)
    {
        var (hospitals, ids) = (keys.Select(k => k.HospitalId).Distinct().ToList(), keys.ConvertAll(k => k.Id));
        return db.AuditEvents().AsNoTracking().Where(e => hospitals.Contains(e.HospitalId) && ids.Contains(e.Id))
            .ToDictionaryAsync(e => (e.HospitalId, e.Id), ct);
    }

    /// <summary>Returns the hospitals that have a chain, from the index of the links: one step for each, however long the chains are.</summary>
    internal static Task<List<Guid>> ReadChainedHospitalsAsync(this TenantDb db, CancellationToken ct) => db.Database.SqlQuery<Guid>($"""
        WITH RECURSIVE chained AS (
            (SELECT hospital_id FROM audit_links ORDER BY hospital_id LIMIT 1)
            UNION ALL
            SELECT (SELECT l.hospital_id FROM audit_links l WHERE l.hospital_id > c.hospital_id ORDER BY l.hospital_id LIMIT 1)
            FROM chained c WHERE c.hospital_id IS NOT NULL)
        SELECT hospital_id AS "Value" FROM chained WHERE hospital_id IS NOT NULL
        """).ToListAsync(ct);
}
