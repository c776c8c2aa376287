namespace MedCor.Gateway.LiveEvents;

/// <summary>Provides a method for responses that are event streams.</summary>
internal static class EventStreamExtensions
{
    /// <summary>Sets the headers of a <c>text/event-stream</c> response, including those that keep proxies from caching or buffering it.</summary>
    public static void StartEventStream(this HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
    }
}
