using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace MedCor.Platform.Calls;

/// <summary>Reads the bodies of requests.</summary>
public static class RequestBody
{
    /// <summary>Reads a request's body to its end. Its length is limited by the server.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(this HttpContext http)
    {
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
