using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.ServiceClients;

namespace MedCor.Identity.Patients;

/// <summary>
/// Determines for which patients the caller acts as a guardian or proxy. Clinical keeps that and is asked each time, so that it ends here at the same moment.
/// </summary>
internal sealed class RepresentedPatients(IdentityDb db, ToolClient tools)
{
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
}
