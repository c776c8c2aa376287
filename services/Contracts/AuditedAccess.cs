namespace MedCor.Contracts;

/// <summary>Describes which clinical content a call asked for.</summary>
/// <param name="Action">The tool.</param>
/// <param name="Resource">The resource's name, as in <c>/api/mcp/resources/{resource}</c>.</param>
/// <param name="ResourceId">The one thing that was named, if any.</param>
/// <param name="PatientId">The patient who was named, if any.</param>
public sealed record AuditedAccess(string Action, string Resource, Guid? ResourceId = null, Guid? PatientId = null);
