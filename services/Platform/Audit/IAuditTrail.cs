using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Platform.Audit;

/// <summary>
/// Keeps who saw or changed clinical content. A service whose tools answer such content has one, found by its type, or it does not start; tools use it by themselves,
/// whatever else shows clinical content calls it before it answers.
/// </summary>
public interface IAuditTrail
{
    /// <summary>
    /// Records an access of the present caller, within the transaction that is open or else in one of its own. Throws when it could not be recorded: nothing may be
    /// answered then.
    /// </summary>
    /// <param name="shown">All that the answer holds; empty when it holds nothing or the access was refused.</param>
    Task RecordAsync(AuditedAccess access, AuditOutcome outcome, IEnumerable<IClinicalContent> shown, CancellationToken ct);
}
