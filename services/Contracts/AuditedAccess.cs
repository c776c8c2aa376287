namespace MedCor.Contracts;

/// <summary>Describes which clinical content a call requested.</summary>
/// <param name="Action">The name of the tool.</param>
/// <param name="Resource">The name of the resource, as in <c>/api/mcp/resources/{resource}</c>.</param>
/// <param name="ResourceId">The ID of the single entry that was named, if any.</param>
/// <param name="PatientId">The ID of the patient who was named, if any.</param>
public sealed record AuditedAccess(string Action, string Resource, Guid? ResourceId = null, Guid? PatientId = null);
