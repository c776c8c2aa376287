using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;

namespace MedCor.Contracts;

/// <summary>Represents the body of every error response.</summary>
/// <param name="Error">The error.</param>
public sealed record ErrorEnvelope(Problem Error);

/// <summary>Describes an error, for programs and for people.</summary>
/// <param name="Code">The error code: one of <see cref="ErrorCodes"/>.</param>
/// <param name="Message">The message for a person: what is wrong and what to do next. It never includes internal information.</param>
/// <param name="Details">
/// Further facts: always <c>request_id</c>; for a validation error, also a list of messages for each invalid field. Errors of a field that is itself named
/// <c>request_id</c> are under <c>request_id_field</c>.
/// </param>
/// <param name="Timestamp">The time of the error.</param>
/// <param name="RetryAfter">The number of seconds after which a retry may succeed; absent when none will.</param>
public sealed record Problem(
    [property: AllowedValues(
        ErrorCodes.AuthRequired, ErrorCodes.AuthInvalid, ErrorCodes.AuthSecondFactor, ErrorCodes.AuthStepUp, ErrorCodes.PermissionDenied,
        ErrorCodes.ResourceNotFound, ErrorCodes.ValidationError, ErrorCodes.Conflict, ErrorCodes.RateLimit, ErrorCodes.ServerError)] string Code,
    string Message,
    JsonObject Details,
    DateTimeOffset Timestamp,
    [property: System.Text.Json.Serialization.JsonIgnore(
        Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] int? RetryAfter = null);

/// <summary>Defines the error codes of all endpoints except the chat endpoints, which use those of <c>ChatErrorCodes</c>.</summary>
public static class ErrorCodes
{
    public const string AuthRequired = "AUTH_REQUIRED";
    public const string AuthInvalid = "AUTH_INVALID";
    public const string AuthSecondFactor = "AUTH_SECOND_FACTOR";
    public const string AuthStepUp = "AUTH_STEP_UP";
    public const string PermissionDenied = "PERMISSION_DENIED";
    public const string ResourceNotFound = "RESOURCE_NOT_FOUND";
    public const string ValidationError = "VALIDATION_ERROR";
    public const string Conflict = "CONFLICT";
    public const string RateLimit = "RATE_LIMIT";
    public const string ServerError = "SERVER_ERROR";
}
