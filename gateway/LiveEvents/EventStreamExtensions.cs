namespace MedCor.Gateway.LiveEvents;

/// <summary>Answers that are told as they happen.</summary>
internal static class EventStreamExtensions
{
    /// <summary>Makes the answer a <c>text/event-stream</c> that no proxy keeps or holds back.</summary>
    public static void StartEventStream(this HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
    }
}
