using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Chat;
using MedCor.Validation;

namespace MedCor.Chat.LanguageModel;

/// <summary>The model that answers: any server that speaks OpenAI's protocol.</summary>
internal sealed class ModelOptions
{
    private const string DocumentedModel = "gpt-4o-mini";

    /// <summary>Without it nothing is answered.</summary>
    [ConfigurationKeyName("OPENAI_API_KEY")]
    public string? ApiKey { get; set; }

    /// <summary>Where the server is, up to and with its <c>/v1</c>; OpenAI's own unless given.</summary>
    [ConfigurationKeyName("OPENAI_BASE_URL")]
    public string? BaseUrl { get; set; }

    /// <summary>Who answers unless a caller names another.</summary>
    [ConfigurationKeyName("OPENAI_MODEL")]
    public string? Model { get; set; }

    /// <summary>Further models that callers may name, separated by commas; none unless given.</summary>
    [ConfigurationKeyName("OPENAI_ALLOWED_MODELS")]
    public string? AllowedModels { get; set; }

    /// <summary>How many tokens an answer may have at most, and has at most when its caller says nothing.</summary>
    [ConfigurationKeyName("OPENAI_MAX_TOKENS")]
    [Range(1, ExecuteCall.MaxTokensLimit, ErrorMessage = "OPENAI_MAX_TOKENS must be 1 to 1000000.")]
    public int MaxTokens { get; set; } = 4096;

    /// <summary>Seconds until the answer must have begun.</summary>
    [ConfigurationKeyName("OPENAI_FIRST_TOKEN_SECONDS")]
    [Range(1, 290, ErrorMessage = "OPENAI_FIRST_TOKEN_SECONDS must be 1 to 290.")]
    public int FirstTokenSeconds { get; set; } = 60;

    /// <summary>Seconds that may pass between one piece of the answer and the next.</summary>
    [ConfigurationKeyName("OPENAI_STALL_SECONDS")]
    [Range(1, 290, ErrorMessage = "OPENAI_STALL_SECONDS must be 1 to 290.")]
    public int StallSeconds { get; set; } = 30;

    public string ModelOrDefault => string.IsNullOrEmpty(Model) ? DocumentedModel : Model;

    /// <summary>The models that callers may name, the configured one first.</summary>
    public IReadOnlyList<string> Models => [.. new[] { ModelOrDefault }.Concat((AllowedModels ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct()];

    /// <summary>
    /// The model that answers a caller who names this one, or none; null when they may not name it. The name that clients of this API are shown stands for whatever is configured,
    /// so that they run where that is another.
    /// </summary>
    public string? Resolve(string? named) => named is null ? ModelOrDefault : Models.Contains(named) ? named : named == DocumentedModel ? ModelOrDefault : null;

    /// <summary>Notes what of a caller's wishes is not to be had here.</summary>
    /// <param name="path">What stands before the fields' names.</param>
    public void Validate(string path, string? model, double? maxTokens, Dictionary<string, List<string>> mistakes)
    {
        if (Resolve(model) is null) mistakes.AddError($"{path}model", $"must be one of {string.Join(", ", Models)}, or left out: no other model answers here");
        if (maxTokens < 1 || maxTokens > MaxTokens) mistakes.AddError($"{path}max_tokens", $"must be between 1 and {MaxTokens}");
    }

    /// <summary>None for OpenAI's own.</summary>
    public Uri? Endpoint => string.IsNullOrEmpty(BaseUrl) ? null : new(BaseUrl);
}
