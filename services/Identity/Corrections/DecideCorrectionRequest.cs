using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Mails;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Corrections;

internal sealed class DecideCorrectionRequestHandler(IdentityDb db, MailQueue mails) : IToolHandler<DecideCorrectionRequest, CorrectionRequest>
{
    public async Task<CorrectionRequest> HandleAsync(DecideCorrectionRequest request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("decide on corrections");
        var correction = await db.Corrections.SingleOrDefaultAsync(c => c.Id == request.CorrectionRequestId, ct)
            ?? throw new NotFound("correction request");
        correction.ThrowIfVersionDiffers(request.ExpectedVersion);
        var decision = request.IsConfirmed ? CorrectionStatus.Confirmed : CorrectionStatus.Refused;
        if (correction.Status == decision) return correction.ToContract();
        if (correction.Status != CorrectionStatus.Open)
            throw new Conflict("The request is no longer open.").WithDetail("status", correction.Status);

        if (request.IsConfirmed) await CorrectAsync(correction, ct);
        correction.Decide(decision, db.Tenancy.Caller.UserId, db.UtcNow);
        db.Raise(() => new CorrectionDecided(correction.ToContract()));
        mails.Add(MailKind.CorrectionDecided, correction.PatientId);
        await db.SaveChangesAsync(ct);
        return correction.ToContract();
    }

    private async Task CorrectAsync(Correction correction, CancellationToken ct)
    {
        var patient = await db.Accounts.SingleOrDefaultAsync(a => a.Id == correction.PatientId && a.Role == Role.Patient && a.IsActive, ct)
            ?? throw new Conflict("The patient is inactive by now. Only a refusal is possible.");
        correction.ApplyTo(patient);
        db.ChangeTracker.DetectChanges();
        if (db.Entry(patient).State == EntityState.Modified) patient.RaiseChanged(db, user => new UserUpdated(user));
    }
}
