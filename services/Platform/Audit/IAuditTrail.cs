using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Platform.Audit;

/// <summary>
/// Records who saw or changed clinical content. A service whose tools return clinical content must have an implementation, found by its type, or it does not
/// start. Tools call it automatically; any other code that returns clinical content calls it before responding.
/// </summary>
public interface IAuditTrail
{
    /// <summary>
    /// Records an access by the current caller, in the open transaction or else in its own. Throws when the access could not be recorded; no response may be
    /// sent then.
    /// </summary>
    /// <param name="content">All clinical content of the response; empty when the response has none or the access was refused.</param>
    Task RecordAsync(AuditedAccess access, AuditOutcome outcome, IEnumerable<IClinicalContent> content, CancellationToken ct);
}
