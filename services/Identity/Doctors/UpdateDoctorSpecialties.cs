using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

internal sealed class UpdateDoctorSpecialtiesHandler(IdentityDb db, DoctorResource doctors, HospitalCopies hospitals, TimeProvider clock)
    : IToolHandler<UpdateDoctorSpecialties, Doctor>, ICurrentStateProvider<UpdateDoctorSpecialties>, IParameterValidator<UpdateDoctorSpecialties>
{
    public async Task<object> GetCurrentAsync(UpdateDoctorSpecialties request, CancellationToken ct) => await doctors.GetAsync(request.DoctorId, ct);

    public Task AddErrorsAsync(UpdateDoctorSpecialties request, ParameterErrors errors, CancellationToken ct)
    {
        var specialties = request.Specialties ?? [];
        if (specialties.Count(s => s.IsPrimary) > 1) errors.Add("specialties", "can have one primary at most");
        for (var i = 0; i < specialties.Count; i++)
            if (specialties.Take(i).Any(earlier => earlier.SpecialtyId == specialties[i].SpecialtyId))
                errors.Add($"specialties[{i}].specialty_id", "is given twice");
        return Task.CompletedTask;
    }

    public async Task<Doctor> HandleAsync(UpdateDoctorSpecialties request, CancellationToken ct)
    {
        var doctor = await db.Doctors().GetRequiredAsync(request.DoctorId, "doctor", ct);
        await ValidateAsync(doctor, request.Specialties, ct);
        doctor.ThrowIfVersionDiffers(request.ExpectedVersion);

        var ids = request.Specialties.Select(s => s.SpecialtyId).ToArray();
        var specialties = await db.Specialties.Where(s => ids.Contains(s.Id)).ToDictionaryAsync(s => s.Id, ct);
        foreach (var id in ids)
        {
            var specialty = specialties.GetValueOrDefault(id) ?? throw new NotFound("specialty");
            var entry = doctor.SpecialtyLinks.Any(p => p.SpecialtyId == id);
            if (!specialty.IsActive && !entry) throw new Conflict($"The specialty {specialty.Code} is inactive.");
        }

        doctor.SpecialtyLinks.RemoveAll(p => !ids.Contains(p.SpecialtyId));
        foreach (var entry in request.Specialties)
        {
            var link = doctor.SpecialtyLinks.SingleOrDefault(p => p.SpecialtyId == entry.SpecialtyId);
            if (link is null)
            {
                link = new()
                {
                    HospitalId = doctor.HospitalId!.Value, DoctorId = doctor.Id, SpecialtyId = entry.SpecialtyId, Specialty = specialties[entry.SpecialtyId],
                };
                doctor.SpecialtyLinks.Add(link);
            }
            link.IsPrimary = entry.IsPrimary;
            link.YearsOfExperience = entry.YearsOfExperience;
            link.CertificationDate = entry.CertificationDate;
        }

        if (!db.ChangeTracker.HasChanges()) return doctor.ToDoctor();
        db.Entry(doctor).State = EntityState.Modified; // the specialties are part of the doctor's version
        db.Raise(doctor.ToDoctorUpdated);
        await db.SaveChangesAsync(ct);
        return doctor.ToDoctor();
    }

    /// <summary>Throws <see cref="ValidationFailed"/> naming each certification date that lies in the future, unless the date is unchanged.</summary>
    private async Task ValidateAsync(Account doctor, IReadOnlyList<PractisedSpecialty> specialties, CancellationToken ct)
    {
        var errors = new Dictionary<string, List<string>>();
        for (var i = 0; i < specialties.Count; i++)
        {
            var certified = specialties[i].CertificationDate;
            if (doctor.SpecialtyLinks.Any(p => p.SpecialtyId == specialties[i].SpecialtyId && p.CertificationDate == certified)) continue;
            if (await hospitals.FindFutureErrorAsync(certified, doctor.HospitalId!.Value, clock.GetUtcNow(), ct) is { } wrong)
                errors.AddError($"specialties[{i}].certification_date", wrong);
        }
        if (errors.Count > 0) throw new ValidationFailed(errors);
    }
}
