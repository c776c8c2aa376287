using System.Collections.Frozen;
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
        ModelTools.DescribeInput(tool).ToJsonString(Json.Options));
}
