using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Querying;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Clinical.EmergencyOverrides;

internal sealed class ListEmergencyOverridesHandler(ClinicalDb db, PersonCopies people, TimeProvider clock)
    : IToolHandler<ListEmergencyOverrides, Page<Contracts.Clinical.EmergencyOverride>>, IParameterValidator<ListEmergencyOverrides>
{
    private static readonly QueryableFields<EmergencyOverride> Fields = new QueryableFields<EmergencyOverride>("-created_at", e => e.Id)
    {
        { "patient_id", e => e.PatientId, Selectivity.High },
        { "user_id", e => e.UserId, Selectivity.High },
        { "is_reviewed", e => e.IsReviewed },
        { "created_at", e => e.CreatedAt },
    }
        .WithIndex("created_at").WithIndex("patient_id", "created_at").WithIndex("user_id", "created_at").WithIndex("is_reviewed", "created_at");

    public Task AddErrorsAsync(ListEmergencyOverrides request, ParameterErrors errors, CancellationToken ct)
    {
        if (Fields.FindSortError(request.Sort) is { } wrong) errors.Add("sort", wrong);
        return Task.CompletedTask;
    }

    public async Task<Page<Contracts.Clinical.EmergencyOverride>> HandleAsync(ListEmergencyOverrides request, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return await people.ListAsync(await db.FindListedPatientAsync(request.PatientId, ct),
            patientId => ListQuery<EmergencyOverride>.Create(db, Fields, db.VisibleEmergencyOverrides, request)
                .Where("patient_id", patientId).Where("user_id", request.UserId).Where("is_reviewed", request.IsReviewed)
                .ReadPageAsync(e => e, e => e.ToContract(now), ct), ct);
    }
}
