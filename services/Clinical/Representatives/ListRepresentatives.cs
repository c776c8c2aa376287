using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Querying;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Clinical.Representatives;

internal sealed class ListRepresentativesHandler(ClinicalDb db)
    : IToolHandler<ListRepresentatives, Page<Contracts.Clinical.Representative>>, IParameterValidator<ListRepresentatives>
{
    private static readonly QueryableFields<Representative> Fields = new QueryableFields<Representative>("-created_at", r => r.Id)
    {
        { "patient_id", r => r.PatientId, Selectivity.High },
        { "user_id", r => r.UserId, Selectivity.High },
        { "created_at", r => r.CreatedAt },
    }
        .WithIndex("created_at").WithIndex("patient_id", "created_at").WithIndex("user_id", "created_at");

    public Task AddErrorsAsync(ListRepresentatives request, ParameterErrors errors, CancellationToken ct)
    {
        if (Fields.FindSortError(request.Sort) is { } wrong) errors.Add("sort", wrong);
        return Task.CompletedTask;
    }

    public async Task<Page<Contracts.Clinical.Representative>> HandleAsync(ListRepresentatives request, CancellationToken ct)
    {
        // By the clock that decides for whom a user acts.
        var (caller, now) = (db.Tenancy.Caller, await db.GetDatabaseTimeAsync(ct));
        var list = ListQuery<Representative>.Create(db, Fields, db.VisibleRepresentatives, request)
            .Where("patient_id", request.PatientId).Where("user_id", request.UserId);
        if (caller.Kind == Callers.Patient) list.FindFirst(RepresentativeQueries.Concerns(caller.UserId));
        return await list.ReadPageAsync(rows => db.WithNames(rows), r => r.ToContractFor(caller.Kind, now), ct);
    }
}
