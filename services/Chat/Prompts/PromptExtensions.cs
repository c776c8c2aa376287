namespace MedCor.Chat.Prompts;

/// <summary>Registers the services of the guided prompts.</summary>
internal static class PromptExtensions
{
    public static void AddPrompts(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<PromptEngine>();
        foreach (var prompt in typeof(Prompt).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Prompt)) && !t.IsAbstract))
            builder.Services.AddSingleton(typeof(Prompt), prompt);
    }
}
