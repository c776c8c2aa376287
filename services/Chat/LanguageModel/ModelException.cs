using System.ClientModel;
using System.Globalization;
using System.Net;
using MedCor.ChatStreams;
using MedCor.Contracts.Chat;

namespace MedCor.Chat.LanguageModel;

/// <summary>
/// The exception that is thrown when the model does not answer, or not completely. It contains nothing of the
/// model's own error text, which may quote the question or the key.
/// </summary>
/// <param name="isTransient">Whether a retry may succeed.</param>
internal sealed class ModelException(string message, bool isTransient, TimeSpan? retryAfter = null) : Exception(message)
{
    private const string Prefix = "OpenAI API error: ";

    /// <summary>Gets the failure of a model that accepted the question and stopped responding. An immediate retry could be charged twice.</summary>
    public static ModelException Stalled => new("the model stopped answering. Retry shortly.", isTransient: true) { MayHaveAnswered = true };

    /// <summary>Gets the failure of a connection that ended before the answer did.</summary>
    public static ModelException ConnectionLost =>
        new("the connection to the model was closed before its answer was complete. Retry shortly.", isTransient: true);

    /// <summary>Gets the failure of a model that calls more tools at once than is sensible.</summary>
    public static ModelException TooManyToolCalls => new("the model called too many tools at once. Ask again, with a narrower question.", isTransient: false);

    /// <summary>Gets the failure of a connection that ended within an answer. An immediate retry could be charged twice.</summary>
    public static ModelException AnswerLost =>
        new("the connection to the model was closed before its answer was complete. Retry shortly.", isTransient: true) { MayHaveAnswered = true };

    private static ModelException Unreachable => new("the model cannot be reached. Retry shortly.", isTransient: true);

    /// <summary>Gets the failure that is reported while the circuit breaker is open after repeated failures.</summary>
    public static ModelException CircuitOpen =>
        new("the model has failed repeatedly and is not called for a moment. Retry shortly.", isTransient: true, ChatModelClient.BreakDuration);

    public bool IsTransient => isTransient;

    /// <summary>Gets whether the model may have answered the question, and charged for it.</summary>
    public bool MayHaveAnswered { get; private init; }

    /// <summary>Gets how long the model asks clients to wait before the next request.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Gets the end of the run as its readers receive it.</summary>
    public ChatRunEnd Ending =>
        new(Prefix + Message, ChatErrorCodes.Model, Retryable: IsTransient, RetryAfter: retryAfter is { } delay ? (int)Math.Ceiling(delay.TotalSeconds) : null);

    /// <summary>Maps an exception of the client library to a <see cref="ModelException"/>.</summary>
    public static ModelException From(Exception e, DateTimeOffset now) => e switch
    {
        ModelException modelException => modelException,
        ClientResultException { Status: > 0 } failure => From((HttpStatusCode)failure.Status, RetryAfterOf(failure, now)),
        ClientResultException or HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        } => Unreachable,
        // SocketsHttpHandler throws this when a connection attempt times out.
        OperationCanceledException { InnerException: TimeoutException } => Unreachable,
        // The library throws on a finish_reason that OpenAI does not define, and other servers report with this one that they gave up.
        HttpRequestException or IOException or ArgumentOutOfRangeException { ActualValue: "error" } => ConnectionLost,
        _ => new("the model's answer could not be read.", isTransient: false),
    };

    private static ModelException From(HttpStatusCode status, TimeSpan? delay) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            new("the model does not accept MedCor's API key. The operator must set another.", isTransient: false),
        HttpStatusCode.NotFound => new("the model does not exist.", isTransient: false),
        HttpStatusCode.TooManyRequests => new(
            "Rate limit exceeded. "
                + (delay is { } w ? string.Create(CultureInfo.InvariantCulture, $"Try again in {Math.Ceiling(w.TotalSeconds)} seconds.") : "Retry shortly."),
            isTransient: true, delay),
        HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => new("the model failed. Retry shortly.", isTransient: true, delay),
        _ => new("the model rejected the question; it may be too long.", isTransient: false),
    };

    private static TimeSpan? RetryAfterOf(ClientResultException failure, DateTimeOffset now)
    {
        if (failure.GetRawResponse() is not { } response || !response.Headers.TryGetValue("Retry-After", out var text)) return null;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds))
            return TimeSpan.FromSeconds(Math.Min(seconds, 86_400));
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var at) && at > now ? at - now : null;
    }
}
