using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a response with its exact text.</summary>
internal sealed record CallResponse(HttpStatusCode Status, string Text, bool IsReplay)
{
    private JsonNode? _body;
    public JsonNode Body => _body ??= JsonNode.Parse(Text)!;
    public string? Code => (string?)Body["error"]?["code"];
    public JsonObject Details => Body["error"]!["details"]!.AsObject();

    /// <summary>Gets the error of a refused call.</summary>
    public Problem Error => Read<ErrorEnvelope>().Error;

    /// <summary>Reads the body as its contract, of which no field may be missing.</summary>
    public T Read<T>() => Body.Deserialize<T>(ApiClient.CompleteOptions)!;

    /// <summary>Gets the text without the parts that differ between any two responses.</summary>
    public string ComparableText
    {
        get
        {
            if (Status == HttpStatusCode.OK) return Text;
            var told = Body.DeepClone();
            told["error"]!["details"]!.AsObject().Remove("request_id");
            told["error"]!.AsObject().Remove("timestamp");
            return told.ToJsonString();
        }
    }

    public override string ToString() => $"{(int)Status} {(Text.Length > 1000 ? Text[..1000] + "…" : Text)}";
}
