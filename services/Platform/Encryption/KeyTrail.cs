using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;

namespace MedCor.Platform.Encryption;

/// <summary>Records in the audit trail what operators do with keys.</summary>
internal static class KeyTrail
{
    /// <summary>Records what an operator has done with the keys of a hospital, in the open transaction.</summary>
    /// <param name="hospital">The hospital; null or all zeros for what concerns none, or all.</param>
    internal static Task RecordKeysAsync(this IAuditTrail trail, string action, Guid? hospital, CancellationToken ct) => trail.RecordAsync(
        AuditActor.System, new(action, "data_keys") { Kind = AuditKind.Administration }, AuditOutcome.Done, hospital, ct);
}
