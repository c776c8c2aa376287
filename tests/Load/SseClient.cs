using System.Net.Http.Headers;

namespace MedCor.Load;

/// <summary>Receives live events over one connection at minimal cost, because the client shares the machine with the system it measures.</summary>
internal sealed class SseClient : IAsyncDisposable
{
    /// <summary>The size of the buffer, in bytes. No event in this measurement is longer.</summary>
    private const int BufferSize = 8 * 1024;

    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Action<ReadOnlySpan<byte>, DateTime> _onEvent;
    private readonly Task _reading;

    private SseClient(HttpResponseMessage response, Action<ReadOnlySpan<byte>, DateTime> hear)
    {
        (_response, _onEvent) = (response, hear);
        _reading = ReadEvents();
    }

    /// <summary>Connects, and passes every event from then on to <paramref name="hear"/>, with the time at which it arrived.</summary>
    public static async Task<SseClient> Connect(HttpClient http, Uri address, string token, Action<ReadOnlySpan<byte>, DateTime> hear)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.IsSuccessStatusCode ? new(response, hear) : throw new MeasurementException($"Listening was answered {(int)response.StatusCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        await _disposing.CancelAsync();
        await _reading;
        _response.Dispose();
        _disposing.Dispose();
    }

    private async Task ReadEvents()
    {
        try
        {
            var stream = await _response.Content.ReadAsStreamAsync(_disposing.Token);
            var buffer = new byte[BufferSize];
            var kept = 0;
            while (await stream.ReadAsync(buffer.AsMemory(kept), _disposing.Token) is > 0 and var read)
                kept = DispatchEvents(buffer.AsSpan(0, kept + read), DateTime.UtcNow);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // This client disconnected, or the server closed the connection without an end of the stream.
        }
    }

    /// <summary>Dispatches the complete events, moves the remaining bytes to the front and returns their count.</summary>
    private int DispatchEvents(Span<byte> bytes, DateTime now)
    {
        var rest = bytes;
        while (rest.IndexOf("\n\n"u8) is >= 0 and var end)
        {
            _onEvent(rest[..end], now);
            rest = rest[(end + 2)..];
        }
        rest.CopyTo(bytes);
        return rest.Length;
    }
}
