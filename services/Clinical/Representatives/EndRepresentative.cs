using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Representatives;

internal sealed class EndRepresentativeHandler(ClinicalDb db) : IToolHandler<EndRepresentative, Contracts.Clinical.Representative>
{
    public async Task<Contracts.Clinical.Representative> HandleAsync(EndRepresentative request, CancellationToken ct)
    {
        var found = await db.WithNames(db.VisibleRepresentatives.Where(r => r.Id == request.RepresentativeId)).SingleOrDefaultAsync(ct)
            ?? throw new NotFound("representative");
        var (caller, relation) = (db.Tenancy.Caller, found.Representative);
        relation.ThrowIfVersionDiffers(request.ExpectedVersion);
        // Whoever decides for a patient by law is not dismissed by the patient, who may be a child.
        if (caller.Kind == Callers.Patient && caller.UserId == relation.PatientId && relation.Kind != RepresentativeKind.Proxy)
            throw new Forbidden("Patients end that a proxy acts for them. Ask your hospital about a guardian.");
        var now = await db.GetDatabaseTimeAsync(ct);
        if (relation.EndsAt > now)
        {
            (relation.EndsAt, relation.EndedBy) = (now, caller.UserId);
            var notified = await db.FindNotifiedUsersAsync(relation.HospitalId, ct);
            db.Raise(() => new RepresentativeEnded(found.ToContract(now).WithoutTexts(), notified));
        }
        await db.SaveChangesAsync(ct);
        return found.ToContractFor(caller.Kind, now);
    }
}
