namespace MedCor.Chat.Prompts;

/// <summary>Guided prompts: what they need.</summary>
internal static class Prompts
{
    public static void AddPrompts(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<Guide>();
        foreach (var prompt in typeof(Prompt).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Prompt)) && !t.IsAbstract)) builder.Services.AddSingleton(typeof(Prompt), prompt);
    }
}
