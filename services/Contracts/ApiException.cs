using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedCor.Contracts;

/// <summary>A call that is answered with an error the caller can act on. Thrown anywhere, written in one place.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="message">For a person; never anything internal, and never what they may not see.</param>
public abstract class ApiException(int status, string code, string message) : Exception(message)
{
    public int Status => status;
    public string Code => code;

    /// <summary>Further facts for <c>error.details</c>.</summary>
    public JsonObject Details { get; } = [];

    /// <summary>After how many seconds a repetition may succeed; none when none will.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Adds a fact to <c>error.details</c>.</summary>
    public ApiException WithDetail(string name, object? fact)
    {
        Details[name] = JsonSerializer.SerializeToNode(fact, Json.Options);
        return this;
    }
}

/// <summary>What was asked cannot be meant so. Names every bad field with all that is wrong with it, in the details and, as far as there is room, in the message.</summary>
public sealed class ValidationFailed : ApiException
{
    /// <summary>How long a message becomes at most; the details have no such bound.</summary>
    private const int MaxMessageLength = 1000;

    public ValidationFailed(IReadOnlyDictionary<string, List<string>> fields) : base(400, ErrorCodes.ValidationError, FormatMessage(fields))
    {
        foreach (var (field, wrongs) in fields) WithDetail(field, wrongs);
    }

    public ValidationFailed(string field, string wrong) : this(new Dictionary<string, List<string>> { [field] = [wrong] }) { }

    private static string FormatMessage(IReadOnlyDictionary<string, List<string>> fields)
    {
        // What there is no room for is not even put together.
        var wrongs = fields.Select(field => $"{field.Key} {string.Join(", ", field.Value)}");
        var room = MaxMessageLength;
        var told = wrongs.TakeWhile(wrong => (room -= wrong.Length + 2) >= 0).ToArray();
        if (told.Length == 0) told = [.. wrongs.Take(1).Select(first => first[..Math.Min(MaxMessageLength, first.Length)] + "…")];
        var text = $"Not valid: {string.Join("; ", told)}{(told.Length < fields.Count ? $"; and {fields.Count - told.Length} more, see details" : "")}";
        return text[^1] is '?' or '…' ? text : text + ".";
    }
}

/// <summary>Nobody is known to be calling.</summary>
public sealed class Unauthenticated(string code, string message) : ApiException(401, code, message);

/// <summary>The caller's role does not include this.</summary>
public sealed class Forbidden(string message) : ApiException(403, ErrorCodes.PermissionDenied, message);

/// <summary>There is no such thing, as far as the caller may know. A thing of another hospital is missing in just the same words.</summary>
/// <param name="hint">What may have been meant instead, among what everybody may know: <c>. Did you mean …?</c></param>
public sealed class NotFound(string thing, string hint = "") : ApiException(404, ErrorCodes.ResourceNotFound, $"There is no such {thing}{(hint.Length > 0 ? hint : ".")}");

/// <summary>The present state does not allow it.</summary>
public sealed class Conflict(string message) : ApiException(409, ErrorCodes.Conflict, message);

/// <summary>Too often.</summary>
public sealed class RateLimited : ApiException
{
    public RateLimited(string message, int retryAfter) : base(429, ErrorCodes.RateLimit, message) => RetryAfter = retryAfter;
}

/// <summary>What another service refused the caller, passed on as it said it.</summary>
public sealed class Refused : ApiException
{
    public Refused(int status, Problem problem) : base(status, problem.Code, problem.Message)
    {
        RetryAfter = problem.RetryAfter;
        foreach (var (name, fact) in problem.Details) Details[name] = fact?.DeepClone();
    }
}

/// <summary>Something that is needed is down at present.</summary>
public sealed class Unavailable : ApiException
{
    public Unavailable() : this("A part of MedCor is down at present. Try again shortly.")
    {
    }

    public Unavailable(string message, int retryAfter = 2) : base(503, ErrorCodes.ServerError, message) => RetryAfter = retryAfter;
}
