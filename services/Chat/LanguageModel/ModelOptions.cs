using System.ComponentModel.DataAnnotations;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;

namespace MedCor.Chat.LanguageModel;

/// <summary>Holds the options of the model, which any server that speaks OpenAI's protocol can provide.</summary>
internal sealed class ModelOptions
{
    private const string DocumentedModel = "gpt-4o-mini";

    /// <summary>Gets or sets the API key. Without a key, no question is answered.</summary>
    [ConfigurationKeyName("OPENAI_API_KEY")]
    public string? ApiKey { get; set; }

    /// <summary>Gets or sets the base URL of the server, up to and including its <c>/v1</c>; OpenAI's own unless given.</summary>
    [ConfigurationKeyName("OPENAI_BASE_URL")]
    public string? BaseUrl { get; set; }

    /// <summary>Gets or sets the model that answers unless a caller names another.</summary>
    [ConfigurationKeyName("OPENAI_MODEL")]
    public string? Model { get; set; }

    /// <summary>Gets or sets further models that callers may name, separated by commas; none unless given.</summary>
    [ConfigurationKeyName("OPENAI_ALLOWED_MODELS")]
    public string? AllowedModels { get; set; }

    /// <summary>Gets or sets models that staff may name besides those, separated by commas; none unless given.</summary>
    [ConfigurationKeyName("OPENAI_STAFF_MODELS")]
    public string? StaffModels { get; set; }

    /// <summary>Gets or sets the maximum number of tokens of an answer, which is also the default for a caller who gives none.</summary>
    [ConfigurationKeyName("OPENAI_MAX_TOKENS")]
    [Range(1, ExecuteCall.MaxTokensLimit, ErrorMessage = "OPENAI_MAX_TOKENS must be 1 to 1000000.")]
    public int MaxTokens { get; set; } = 4096;

    /// <summary>Gets or sets the timeout for the first piece of the answer, in seconds.</summary>
    [ConfigurationKeyName("OPENAI_FIRST_TOKEN_SECONDS")]
    [Range(1, 290, ErrorMessage = "OPENAI_FIRST_TOKEN_SECONDS must be 1 to 290.")]
    public int FirstTokenSeconds { get; set; } = 60;

    /// <summary>Gets or sets the timeout between one piece of the answer and the next, in seconds.</summary>
    [ConfigurationKeyName("OPENAI_STALL_SECONDS")]
    [Range(1, 290, ErrorMessage = "OPENAI_STALL_SECONDS must be 1 to 290.")]
    public int StallSeconds { get; set; } = 30;

    public string ModelOrDefault => string.IsNullOrEmpty(Model) ? DocumentedModel : Model;

    /// <summary>Returns the models that a caller may name, the configured one first.</summary>
    /// <param name="caller">The user who asks; null for a program without a user.</param>
    public IReadOnlyList<string> GetModels(Caller? caller) =>
        [.. new[] { ModelOrDefault }.Concat(Split(AllowedModels)).Concat(caller?.IsOneOf(Callers.Staff) == true ? Split(StaffModels) : []).Distinct()];

    /// <summary>
    /// Returns the model for the name that a caller gives, or the configured model when the caller gives none; null when the caller may not name that model.
    /// The name in the documentation of this API stands for the configured model, so that clients written to it also work where that is another.
    /// </summary>
    public string? Resolve(string? model, Caller? caller) =>
        model is null ? ModelOrDefault : GetModels(caller).Contains(model) ? model : model == DocumentedModel ? ModelOrDefault : null;

    /// <summary>Adds an error for each requested setting that is not available.</summary>
    /// <param name="path">The prefix of the names of fields.</param>
    public void Validate(string path, string? model, double? maxTokens, Dictionary<string, List<string>> errors, Caller? caller)
    {
        if (Resolve(model, caller) is null)
            errors.AddError($"{path}model", $"must be one of {string.Join(", ", GetModels(caller))}, or left out: other models are not available");
        if (maxTokens < 1 || maxTokens > MaxTokens) errors.AddError($"{path}max_tokens", $"must be between 1 and {MaxTokens}");
    }

    private static string[] Split(string? names) => (names ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Gets the endpoint of the server; null for OpenAI's own.</summary>
    public Uri? Endpoint => string.IsNullOrEmpty(BaseUrl) ? null : new(BaseUrl);
}
