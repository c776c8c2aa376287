using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Querying;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Clinical.Referrals;

internal sealed class ListReferralsHandler(ClinicalDb db, PersonCopies people, TimeProvider clock)
    : IToolHandler<ListReferrals, Page<Contracts.Clinical.Referral>>, IParameterValidator<ListReferrals>
{
    private static readonly QueryableFields<Referral> Fields = new QueryableFields<Referral>("-created_at", r => r.Id)
    {
        { "patient_id", r => r.PatientId, Selectivity.High },
        { "user_id", r => r.UserId, Selectivity.High },
        { "created_at", r => r.CreatedAt },
    }
        .WithIndex("created_at").WithIndex("patient_id", "created_at").WithIndex("user_id", "created_at");

    public Task AddErrorsAsync(ListReferrals request, ParameterErrors errors, CancellationToken ct)
    {
        if (Fields.FindSortError(request.Sort) is { } wrong) errors.Add("sort", wrong);
        return Task.CompletedTask;
    }

    public async Task<Page<Contracts.Clinical.Referral>> HandleAsync(ListReferrals request, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return await people.ListAsync(await db.FindListedPatientAsync(request.PatientId, ct),
            patientId => ListQuery<Referral>.Create(db, Fields, db.VisibleReferrals, request)
                .Where("patient_id", patientId).Where("user_id", request.UserId)
                .ReadPageAsync(r => r, r => r.ToContract(now), ct), ct);
    }
}
