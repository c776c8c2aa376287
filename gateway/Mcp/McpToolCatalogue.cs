using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.LanguageModels;
using MedCor.Gateway.ToolInvocation;
using ModelContextProtocol.Protocol;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Contains the tools as MCP describes them, for each kind of caller: the same at every replica and at every call. Which they are, <see cref="ModelTools"/>
/// decides.
/// </summary>
internal sealed class McpToolCatalogue
{
    /// <summary>The argument by which a call of a tool that changes something takes effect once.</summary>
    internal const string IdempotencyKeyArgument = "idempotency_key";

    private readonly FrozenDictionary<string, ToolDescriptor> _tools = ToolCatalogue.All.Where(t => ModelTools.IsOffered(t.Value)).ToFrozenDictionary();
    private readonly FrozenDictionary<Callers, Tool[]> _byCaller;

    public McpToolCatalogue()
    {
        var described = _tools.Values.OrderBy(t => t.Name, StringComparer.Ordinal).ToDictionary(t => t, Describe);
        _byCaller = CallerKinds.All.Select(k => k.Value).Append(Callers.None).ToFrozenDictionary(
            kind => kind, kind => described.Where(t => (t.Key.Callers & kind) != 0).Select(t => t.Value).ToArray());
    }

    /// <summary>Returns the tools that a request may use, by name in ordinal order.</summary>
    public IList<Tool> List(McpRequest request)
    {
        var all = _byCaller[request.Context.Caller.Kind];
        return request.Areas == ToolSelection.Everything ? all : [.. all.Where(t => request.Areas.Includes(_tools[t.Name]))];
    }

    /// <summary>Returns the tool that a request may use by a name; null when there is none.</summary>
    public ToolDescriptor? Find(McpRequest request, string name) =>
        _tools.TryGetValue(name, out var tool) && request.Context.Caller.IsOneOf(tool.Callers) && request.Areas.Includes(tool) ? tool : null;

    private static Tool Describe(ToolDescriptor tool)
    {
        var title = GetTitle(tool.Name);
        return new()
        {
            Name = tool.Name,
            Title = title,
            Description = ModelTools.GetDescription(tool),
            InputSchema = ToElement(DescribeInput(tool)),
            OutputSchema = ToElement(ModelSchema.ForOutput(tool.Result)),
            Annotations = new()
            {
                Title = title,
                ReadOnlyHint = tool.Effect == Effect.Read,
                DestructiveHint = tool.Effect is Effect.Update or Effect.Delete || tool.Params == typeof(RescheduleAppointment),
                IdempotentHint = tool.Effect != Effect.Create,
                // Everything happens within MedCor.
                OpenWorldHint = false,
            },
        };
    }

    private static JsonObject DescribeInput(ToolDescriptor tool)
    {
        var schema = ModelTools.DescribeInput(tool);
        if (tool.Effect != Effect.Read)
            schema["properties"]![IdempotencyKeyArgument] = new JsonObject
            {
                ["description"] = "A text of your choice, such as a UUID, by which repeating this very call changes nothing further. "
                    + "Use a new one for each new change.",
                ["type"] = "string",
                ["minLength"] = 1,
                ["maxLength"] = IdempotencyKey.MaxLength,
                ["pattern"] = IdempotencyKey.Pattern,
            };
        return schema;
    }

    /// <summary>Returns the name of a tool as people write it: <c>List appointments</c>.</summary>
    internal static string GetTitle(string name) =>
        string.Concat(name[..1].ToUpper(CultureInfo.InvariantCulture), name[1..].Replace('_', ' '));

    private static JsonElement ToElement(JsonObject schema) => JsonSerializer.SerializeToElement(schema);
}
