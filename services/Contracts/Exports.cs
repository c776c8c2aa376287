using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace MedCor.Contracts;

/// <summary>
/// Requests a page of an export from a service. The gateway does not forward this path: it requests the pages of all services, and sends them as one.
/// </summary>
/// <remarks>
/// The response consists of lines of JSON, one for each row, followed by the position at which the next page begins. The last page has no position after its
/// lines.
/// </remarks>
/// <param name="UserId">The user whose data is exported; null for the data of the caller's hospital.</param>
/// <param name="After">The position that the page before ended with; null for the first page.</param>
/// <param name="IsUnderWay">Whether the gateway has begun to send the export. It may then take longer than the login that it required stays recent.</param>
public sealed record ExportPage(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? UserId = null,
    [property: Opaque, MaxLength(2000), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? After = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsUnderWay = false)
{
    /// <summary>The path of a service's exports.</summary>
    public const string Path = "/exports";

    /// <summary>The name of an export in the audit trail, as that of a resource.</summary>
    public const string Resource = "exports";

    /// <summary>The maximum number of rows of a page.</summary>
    public const int MaxRows = 100;
}
