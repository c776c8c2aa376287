using System.ComponentModel.DataAnnotations;

namespace MedCor.Chat.Calls;

/// <summary>The model that answers: any server that speaks OpenAI's protocol.</summary>
internal sealed class ModelOptions
{
    /// <summary>Without it nothing is answered.</summary>
    [ConfigurationKeyName("OPENAI_API_KEY")]
    public string? Key { get; set; }

    /// <summary>Where the server is, up to and with its <c>/v1</c>; OpenAI's own unless given.</summary>
    [ConfigurationKeyName("OPENAI_BASE_URL")]
    public string? BaseUrl { get; set; }

    /// <summary>Who answers unless a caller names another.</summary>
    [ConfigurationKeyName("OPENAI_MODEL")]
    public string? Model { get; set; }

    /// <summary>Seconds until the answer must have begun.</summary>
    [ConfigurationKeyName("OPENAI_FIRST_TOKEN_SECONDS")]
    [Range(1, 290, ErrorMessage = "OPENAI_FIRST_TOKEN_SECONDS must be 1 to 290.")]
    public int FirstTokenSeconds { get; set; } = 60;

    /// <summary>Seconds that may pass between one piece of the answer and the next.</summary>
    [ConfigurationKeyName("OPENAI_STALL_SECONDS")]
    [Range(1, 290, ErrorMessage = "OPENAI_STALL_SECONDS must be 1 to 290.")]
    public int StallSeconds { get; set; } = 30;

    public string ModelOrUsual => string.IsNullOrEmpty(Model) ? "gpt-4o-mini" : Model;

    /// <summary>None for OpenAI's own.</summary>
    public Uri? Address => string.IsNullOrEmpty(BaseUrl) ? null : new(BaseUrl);
}
