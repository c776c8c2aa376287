using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.ServiceClients;

namespace MedCor.Identity.Patients;

/// <summary>
/// Determines for which patients the caller acts as a guardian or proxy. Clinical keeps that and is asked each time, so that it ends here at the same moment.
/// </summary>
internal sealed class RepresentedPatients(IdentityDb db, ToolClient tools)
{
    private static readonly Scope RequiredScope = ToolCatalogue.ByParameterType[typeof(ListRepresentatives)].Scope;

    /// <summary>
    /// Returns whether the caller is a patient who acts for another patient at this moment. Throws <see cref="Refused"/> when the token lacks the scope to read
    /// that, whoever the other is.
    /// </summary>
    internal async Task<bool> IncludeAsync(Guid patientId, CancellationToken ct)
    {
        if (db.Tenancy.Caller is not { Kind: Callers.Patient, UserId: var me } || me == patientId) return false;
        var relations = await tools.CallAsync(new ListRepresentatives(patientId, me) { Limit = 100 }, idempotencyKey: null, ct);
        return relations.Results.Any(relation => relation.IsActive);
    }

    /// <summary>
    /// Returns those of some patients for whom the caller, if that is a patient, acts at this moment. Returns none when the token lacks the scope to read that:
    /// a list does not find what the token does not permit.
    /// </summary>
    internal async Task<Guid[]> FindAsync(IReadOnlyCollection<Guid> patientIds, CancellationToken ct)
    {
        if (db.Tenancy.Caller is not { Kind: Callers.Patient, UserId: var me } caller || !caller.Covers(RequiredScope)) return [];
        var others = patientIds.Where(id => id != me).ToHashSet();
        if (others.Count == 0) return [];
        var found = new HashSet<Guid>();
        var request = new ListRepresentatives(others.Count == 1 ? others.Single() : null, me) { Limit = 100 };
        while (true)
        {
            var relations = await tools.CallAsync(request, idempotencyKey: null, ct);
            found.UnionWith(relations.Results.Where(relation => relation.IsActive).Select(relation => relation.PatientId).Where(others.Contains));
            if (!relations.HasMore) return [.. found];
            request = request with { Page = request.Page + 1 };
        }
    }
}
