using System.Collections.Frozen;
using System.Text.Json.Nodes;
using MedCor.Chat.LanguageModel;
using MedCor.Contracts;
using MedCor.Contracts.LanguageModels;

namespace MedCor.Chat.ToolUse;

/// <summary>
/// Contains the tools that the model may call, for each kind of caller. The tools of Chat itself are missing: a model that asks a model would escape its
/// limits.
/// </summary>
internal static class ModelToolbox
{
    private const string OwnService = "chat";

    /// <summary>
    /// The keywords that are left out: the model reads the schemas with every request and is charged for each word of them, and the services check the
    /// arguments anyway.
    /// </summary>
    private static readonly string[] Checks =
        ["pattern", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "examples", "default", "additionalProperties"];

    private static readonly Lazy<FrozenDictionary<Callers, ModelTool[]>> ByCaller = new(() => CallerKinds.All.ToFrozenDictionary(
        kind => kind.Value, kind => ToolCatalogue.All.Values.Where(tool => IsOffered(tool, kind.Value)).Select(Describe).ToArray()));

    /// <summary>Returns the tools that the model may call for a caller.</summary>
    public static IReadOnlyList<ModelTool> GetTools(Callers kind) => ByCaller.Value[kind];

    /// <summary>Returns the tool that the model may call by a name; null when there is none.</summary>
    public static ToolDescriptor? Find(Callers kind, string name) => ToolCatalogue.All.TryGetValue(name, out var tool) && IsOffered(tool, kind) ? tool : null;

    private static bool IsOffered(ToolDescriptor tool, Callers kind) =>
        tool.Service != OwnService && (tool.Callers & kind) != 0 && ModelTools.IsOffered(tool);

    private static ModelTool Describe(ToolDescriptor tool) => new(
        tool.Name,
        tool.Effect == Effect.Read
            ? ModelTools.GetDescription(tool)
            : $"{ModelTools.GetDescription(tool)} The call is a proposal: it takes effect if the user confirms it.",
        WithoutChecks(ModelTools.DescribeInput(tool)).ToJsonString(Json.Options));

    private static JsonObject WithoutChecks(JsonObject schema)
    {
        foreach (var check in Checks) schema.Remove(check);
        if (schema["items"] is JsonObject items) WithoutChecks(items);
        if (schema["properties"] is JsonObject properties)
            foreach (var (_, property) in properties)
                if (property is JsonObject described) WithoutChecks(described);
        return schema;
    }
}
