using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class ListPromptsHandler(PromptEngine engine) : IToolHandler<ListPrompts, PromptList>
{
    public Task<PromptList> HandleAsync(ListPrompts request, CancellationToken ct) => Task.FromResult(new PromptList([.. engine.Prompts.Select(Describe)]));

    private static PromptDescription Describe(Prompt prompt) => new(
        prompt.Name, prompt.Description, [.. CallerKinds.All.Where(kind => prompt.Callers.HasFlag(kind.Value))
            .Select(kind => JsonNamingPolicy.SnakeCaseUpper.ConvertName(kind.Value.ToString()))],
        prompt.InitialDataSchema, [.. prompt.Steps.Select((_, i) => PromptEngine.Describe(prompt, i))]);
}
