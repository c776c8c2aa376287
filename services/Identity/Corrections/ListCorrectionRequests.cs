using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Patients;
using MedCor.Platform.Querying;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Identity.Corrections;

internal sealed class ListCorrectionRequestsHandler(IdentityDb db, RepresentedPatients represented)
    : IToolHandler<ListCorrectionRequests, Page<CorrectionRequest>>, IParameterValidator<ListCorrectionRequests>
{
    private static readonly QueryableFields<Correction> Fields = new QueryableFields<Correction>("-created_at", c => c.Id)
    {
        { "patient_id", c => c.PatientId, Selectivity.High },
        { "status", c => c.Status },
        { "created_at", c => c.CreatedAt },
    }
        .WithIndex("created_at").WithIndex("patient_id", "created_at").WithIndex("status", "created_at");

    public Task AddErrorsAsync(ListCorrectionRequests request, ParameterErrors errors, CancellationToken ct)
    {
        if (Fields.FindSortError(request.Sort) is { } wrong) errors.Add("sort", wrong);
        return Task.CompletedTask;
    }

    public async Task<Page<CorrectionRequest>> HandleAsync(ListCorrectionRequests request, CancellationToken ct)
    {
        var patientId = request.PatientId;
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me })
        {
            if (patientId is { } other && other != me && !await represented.IncludeAsync(other, ct))
                throw new Forbidden("Patients see their own requests, and those of patients for whom they act. Leave out patient_id or give your own id.");
            patientId ??= me;
        }
        return await ListQuery<Correction>.Create(db, Fields, db.Corrections, request)
            .Where("patient_id", patientId).Where("status", request.Status)
            .ReadPageAsync(c => c, c => c.ToContract(), ct);
    }
}
