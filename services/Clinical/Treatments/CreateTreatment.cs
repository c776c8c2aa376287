using MedCor.Clinical.People;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class CreateTreatmentHandler(ClinicalDb db, KnownPeople people) : IHandle<CreateTreatment, Contracts.Clinical.Treatment>, IPrepare<CreateTreatment>
{
    private Person patient = null!;

    public async Task Prepare(CreateTreatment asked, CancellationToken ct)
    {
        db.Tenancy.Caller.MustNotActFor(asked.DoctorId);
        (var practice, patient) = await people.DoctorAndPatient(asked.DoctorId, asked.PatientId, ct);
        if (Person.Gone(practice.Doctor, patient) is { Count: > 0 } wrongs) throw new Invalid(wrongs);
    }

    public async Task<Contracts.Clinical.Treatment> Handle(CreateTreatment asked, CancellationToken ct)
    {
        var treatment = new Treatment
        {
            HospitalId = patient.HospitalId,
            PatientId = patient.Id,
            DoctorId = asked.DoctorId,
            AuthorId = db.Tenancy.Caller.UserId,
            Name = asked.Name,
            Description = asked.Description,
            Medications = Treatment.Write(asked.Medications),
            Instructions = asked.Instructions,
            FollowUpDate = asked.FollowUpDate,
            Notes = asked.Notes,
        };
        db.Add(treatment);
        db.Raise(() => new TreatmentCreated(treatment.ToContract().WithoutContent()));
        await db.SaveChangesAsync(ct);
        return treatment.ToContract();
    }
}
