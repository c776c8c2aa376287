using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Merges;

/// <summary>Represents the merge of two patients, and what services still have to do for it.</summary>
[PersonalData(OnErasure.Keep, nameof(Merge.SurvivingId), nameof(Merge.MergedId))]
internal sealed class Merge : Entity, ITenantOwned
{
    /// <summary>The services that have rows of patients. Analytics follows from Clinical's events.</summary>
    private static readonly string[] Services = ["clinical"];

    public required Guid HospitalId { get; init; }
    public required Guid SurvivingId { get; init; }
    public required Guid MergedId { get; init; }
    public PatientMergeStatus Status { get; private set; } = PatientMergeStatus.Merging;

    /// <summary>Gets the services that have not moved all rows yet.</summary>
    public string[] Pending { get; private set; } = Services;

    /// <summary>Gets the overlapping appointments as JSON; null as long as they are not known.</summary>
    public string? Overlapping { get; private set; }

    /// <summary>Gets whether the merged patient was active before.</summary>
    public required bool MergedWasActive { get; init; }

    public required Guid RequestedBy { get; set; }

    /// <summary>Has the services move back what they moved.</summary>
    internal void Undo(Guid requestedBy) =>
        (Status, Pending, Overlapping, RequestedBy) = (PatientMergeStatus.Unmerging, Services, null, requestedBy);

    /// <summary>Records that a service is done. A report of a merge that was undone meanwhile is ignored.</summary>
    internal void Complete(PatientMergeApplied applied)
    {
        if (Status != (applied.IsMerged ? PatientMergeStatus.Merging : PatientMergeStatus.Unmerging)) return;
        Pending = [.. Pending.Where(service => service != applied.Service)];
        if (applied is { IsMerged: true, Overlapping: { } overlapping }) Overlapping = JsonSerializer.Serialize(overlapping, Json.Options);
        if (Pending.Length == 0) Status = applied.IsMerged ? PatientMergeStatus.Merged : PatientMergeStatus.Unmerged;
    }

    /// <summary>Creates the event that has the services move their rows, or move them back.</summary>
    internal IntegrationEvent ToEvent() => Status is PatientMergeStatus.Merging or PatientMergeStatus.Merged
        ? new PatientsMerged(ToContract())
        : new PatientsUnmerged(ToContract());

    internal PatientMerge ToContract() => new(
        Id: Id,
        HospitalId: HospitalId,
        SurvivingPatientId: SurvivingId,
        MergedPatientId: MergedId,
        Status: Status,
        PendingServices: Pending,
        OverlappingAppointments: Overlapping is null ? null : JsonSerializer.Deserialize<IReadOnlyList<AffectedAppointment>>(Overlapping, Json.Options),
        RequestedBy: RequestedBy,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Merge>
    {
        public void Configure(EntityTypeBuilder<Merge> merge)
        {
            merge.ToTable("patient_merges").HasKey(m => new { m.HospitalId, m.Id });
            merge.Property(m => m.Overlapping).HasColumnType("jsonb");
        }
    }
}
