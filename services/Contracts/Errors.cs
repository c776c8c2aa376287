using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;

namespace MedCor.Contracts;

/// <summary>The one form of every error.</summary>
/// <param name="Error">What went wrong.</param>
public sealed record ErrorEnvelope(Problem Error);

/// <summary>What went wrong, for the program and for the person.</summary>
/// <param name="Code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="Message">For a person: what is wrong and what to do next. Never anything internal.</param>
/// <param name="Details">
/// Further facts; <c>request_id</c> always, on a validation error a list of texts per bad field. What is wrong with a field that is itself called <c>request_id</c>
/// stands under <c>request_id_field</c>.
/// </param>
/// <param name="Timestamp">When.</param>
/// <param name="RetryAfter">After how many seconds a repetition may succeed; absent when none will.</param>
public sealed record Problem(
    [property: AllowedValues(
        ErrorCodes.AuthRequired, ErrorCodes.AuthInvalid, ErrorCodes.PermissionDenied, ErrorCodes.ResourceNotFound,
        ErrorCodes.ValidationError, ErrorCodes.Conflict, ErrorCodes.RateLimit, ErrorCodes.ServerError)] string Code,
    string Message,
    JsonObject Details,
    DateTimeOffset Timestamp,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] int? RetryAfter = null);

/// <summary>The codes of surface A.</summary>
public static class ErrorCodes
{
    public const string AuthRequired = "AUTH_REQUIRED";
    public const string AuthInvalid = "AUTH_INVALID";
    public const string PermissionDenied = "PERMISSION_DENIED";
    public const string ResourceNotFound = "RESOURCE_NOT_FOUND";
    public const string ValidationError = "VALIDATION_ERROR";
    public const string Conflict = "CONFLICT";
    public const string RateLimit = "RATE_LIMIT";
    public const string ServerError = "SERVER_ERROR";
}
