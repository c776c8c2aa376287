using MedCor.Clinical.People;
using MedCor.Contracts;

namespace MedCor.Clinical.Representatives;

/// <summary>Represents that a user acts for a patient, with the local copies of both, where there are any.</summary>
internal sealed class RepresentativeWithNames
{
    public required Representative Representative { get; init; }
    public required PersonCopy? Patient { get; init; }
    public required PersonCopy? User { get; init; }

    internal Contracts.Clinical.Representative ToContract(DateTimeOffset now)
    {
        var r = Representative;
        return new(
            Id: r.Id,
            HospitalId: r.HospitalId,
            PatientId: r.PatientId,
            PatientName: Patient?.Name,
            UserId: r.UserId,
            UserName: User?.Name,
            Kind: r.Kind,
            SeesRestricted: r.SeesRestricted,
            Reason: r.Reason,
            Until: r.Until,
            EndsAt: r.EndsAt,
            IsActive: r.EndsAt > now,
            RegisteredBy: r.RegisteredBy,
            EndedBy: r.EndedBy,
            Version: r.Version,
            CreatedAt: r.CreatedAt,
            UpdatedAt: r.UpdatedAt);
    }

    /// <summary>Converts the relation for a caller; receptionists receive no reason.</summary>
    internal Contracts.Clinical.Representative ToContractFor(Callers kind, DateTimeOffset now) =>
        kind == Callers.Receptionist ? ToContract(now).WithoutReason() : ToContract(now);
}
