using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedCor.Contracts;

/// <summary>Represents an error response that the caller can act on. It can be thrown anywhere and is written to the response in one place.</summary>
/// <param name="status">The HTTP status code.</param>
/// <param name="code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="message">The message for a person. It never includes internal information or information that the person may not see.</param>
public abstract class ApiException(int status, string code, string message) : Exception(message)
{
    public int Status => status;
    public string Code => code;

    /// <summary>Gets further facts for <c>error.details</c>.</summary>
    public JsonObject Details { get; } = [];

    /// <summary>Gets the number of seconds after which a retry may succeed; null when none will.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Adds a fact to <c>error.details</c>.</summary>
    public ApiException WithDetail(string name, object? value)
    {
        Details[name] = JsonSerializer.SerializeToNode(value, Json.Options);
        return this;
    }
}

/// <summary>Represents an invalid request. The details name every invalid field with all its errors; the message does so as far as there is room.</summary>
public sealed class ValidationFailed : ApiException
{
    /// <summary>The maximum length of a message, in characters; the details are not limited.</summary>
    private const int MaxMessageLength = 1000;

    public ValidationFailed(IReadOnlyDictionary<string, List<string>> fields) : base(400, ErrorCodes.ValidationError, FormatMessage(fields))
    {
        foreach (var (field, messages) in fields) WithDetail(field, messages);
    }

    public ValidationFailed(string field, string message) : this(new Dictionary<string, List<string>> { [field] = [message] }) { }

    private static string FormatMessage(IReadOnlyDictionary<string, List<string>> fields)
    {
        // Lazy: errors for which there is no room are not formatted.
        var messages = fields.Select(field => $"{field.Key} {string.Join(", ", field.Value)}");
        var remaining = MaxMessageLength;
        var listed = messages.TakeWhile(message => (remaining -= message.Length + 2) >= 0).ToArray();
        if (listed.Length == 0) listed = [.. messages.Take(1).Select(first => first[..Math.Min(MaxMessageLength, first.Length)] + "…")];
        var text = $"Not valid: {string.Join("; ", listed)}{(listed.Length < fields.Count ? $"; and {fields.Count - listed.Length} more, see details" : "")}";
        return text[^1] is '?' or '…' ? text : text + ".";
    }
}

/// <summary>Represents a request whose caller is not authenticated.</summary>
public sealed class Unauthenticated(string code, string message) : ApiException(401, code, message);

/// <summary>
/// Represents a request that the caller's role and token permit, but only to somebody who has logged in more recently (step-up, RFC 9470).
/// </summary>
public sealed class StepUpRequired : ApiException
{
    /// <summary>The name of the detail that contains the greatest age of a login that suffices, in seconds.</summary>
    public const string Detail = "max_age";

    /// <param name="maxAge">The greatest age of a login that suffices.</param>
    public StepUpRequired(TimeSpan maxAge) : base(401, ErrorCodes.AuthStepUp,
        $"This needs a user who has logged in within the last {(maxAge.TotalMinutes == 1 ? "minute" : $"{maxAge.TotalMinutes:0} minutes")}. Log in again.") =>
        WithDetail(Detail, (long)maxAge.TotalSeconds);
}

/// <summary>Represents a request that the caller's role does not permit.</summary>
public sealed class Forbidden(string message) : ApiException(403, ErrorCodes.PermissionDenied, message);

/// <summary>Represents a request that the caller's role permits, but not the scopes of the access token.</summary>
public sealed class InsufficientScope : ApiException
{
    /// <summary>The name of the detail that contains the missing scopes, separated by spaces.</summary>
    public const string Detail = "required_scope";

    /// <param name="missing">The required scopes that the token lacks.</param>
    public InsufficientScope(params IReadOnlyCollection<Scope> missing) : base(403, ErrorCodes.PermissionDenied,
        $"The access token lacks the scope{(missing.Count == 1 ? "" : "s")} {string.Join(", ", missing.Select(scope => scope.Name))}.")
    {
        Missing = string.Join(' ', missing.Select(scope => scope.Name));
        WithDetail(Detail, Missing);
    }

    /// <summary>Gets the names of the missing scopes, separated by spaces.</summary>
    public string Missing { get; }
}

/// <summary>
/// Represents a resource that does not exist or that the caller may not know of. A resource of another hospital is reported in the same words.
/// </summary>
/// <param name="hint">A suggestion, taken from names that everyone may know: <c>. Did you mean …?</c></param>
public sealed class NotFound(string entityName, string hint = "")
    : ApiException(404, ErrorCodes.ResourceNotFound, $"There is no such {entityName}{(hint.Length > 0 ? hint : ".")}");

/// <summary>Represents a request that the current state does not permit.</summary>
public sealed class Conflict(string message) : ApiException(409, ErrorCodes.Conflict, message);

/// <summary>Represents a request that exceeds a rate limit.</summary>
public sealed class RateLimited : ApiException
{
    public RateLimited(string message, int retryAfter) : base(429, ErrorCodes.RateLimit, message) => RetryAfter = retryAfter;
}

/// <summary>Represents an error response of another service, which is passed on to the caller unchanged.</summary>
public sealed class Refused : ApiException
{
    public Refused(int status, Problem problem) : base(status, problem.Code, problem.Message)
    {
        RetryAfter = problem.RetryAfter;
        foreach (var (name, value) in problem.Details) Details[name] = value?.DeepClone();
    }
}

/// <summary>Represents the temporary unavailability of a required component.</summary>
public sealed class Unavailable : ApiException
{
    public Unavailable() : this("A part of MedCor is unavailable. Retry shortly.")
    {
    }

    public Unavailable(string message, int retryAfter = 2) : base(503, ErrorCodes.ServerError, message) => RetryAfter = retryAfter;
}
