using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Patients;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Corrections;

internal sealed class CreateCorrectionRequestHandler(IdentityDb db, RepresentedPatients represented, HospitalCopies hospitals, TimeProvider clock)
    : IToolHandler<CreateCorrectionRequest, Guid, CorrectionRequest>, IParameterValidator<CreateCorrectionRequest>
{
    public async Task AddErrorsAsync(CreateCorrectionRequest request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("first_name", "last_name", "date_of_birth") && request is { FirstName: null, LastName: null, DateOfBirth: null })
            errors.Add("first_name", "is required without last_name and date_of_birth: give one of them at least");
        if (await hospitals.FindFutureErrorAsync(request.DateOfBirth, db.Tenancy.Caller.HospitalId!.Value, clock.GetUtcNow(), ct) is { } wrong)
            errors.Add("date_of_birth", wrong);
    }

    /// <summary>Returns the patient: the caller, or one for whom the caller acts.</summary>
    public async Task<Guid> PrepareAsync(CreateCorrectionRequest request, CancellationToken ct)
    {
        var me = db.Tenancy.Caller.UserId;
        if (request.PatientId is not { } other || other == me) return me;
        return await represented.IncludeAsync(other, ct) ? other : throw new NotFound("patient");
    }

    public async Task<CorrectionRequest> HandleAsync(CreateCorrectionRequest request, Guid patientId, CancellationToken ct)
    {
        // Of two requests at once, the second replaces the first.
        await db.Database.ExecuteSqlAsync($"SELECT FROM users WHERE id = {patientId} FOR UPDATE", ct);
        var patient = await db.Accounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == patientId && a.Role == Role.Patient && a.IsActive, ct)
            ?? throw new NotFound("patient");
        var open = await db.Corrections.SingleOrDefaultAsync(c => c.PatientId == patientId && c.Status == CorrectionStatus.Open, ct);
        open?.Replace();

        var correction = new Correction
        {
            HospitalId = patient.HospitalId!.Value,
            PatientId = patientId,
            RequestedBy = db.Tenancy.Caller.UserId,
            FirstName = request.FirstName,
            LastName = request.LastName,
            DateOfBirth = request.DateOfBirth,
        };
        db.Add(correction);
        db.Raise(() => new CorrectionRequested(correction.ToContract()));
        await db.SaveChangesAsync(ct);
        return correction.ToContract();
    }
}
