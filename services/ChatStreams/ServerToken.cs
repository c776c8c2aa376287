using System.Security.Cryptography;
using System.Text;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MedCor.ChatStreams;

/// <summary>
/// Verifies the token of programs that chat without a user, <c>MCP_SERVER_TOKEN</c>. Outside Development no such token exists unless it is configured.
/// </summary>
public sealed class ServerToken(IOptions<ServerTokenOptions> options)
{
    private readonly byte[]? _digest = options.Value.Token is { Length: > 0 } token ? Digest(token) : null;

    /// <summary>Returns whether a token is the server token. The comparison takes the same time whatever is sent.</summary>
    public bool Matches(string token) => _digest is not null && CryptographicOperations.FixedTimeEquals(_digest, Digest(token));

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

/// <summary>Configures <see cref="ServerToken"/>.</summary>
public sealed class ServerTokenOptions
{
    internal const string Variable = "MCP_SERVER_TOKEN";

    /// <summary>Gets or sets the token; outside Development it has at least 32 characters.</summary>
    [ConfigurationKeyName(Variable)]
    public string? Token { get; set; }
}

/// <summary>Registers the chat services that the gateway and the Chat service share.</summary>
public static class ChatStreamsExtensions
{
    /// <summary>The token in the client examples, so that they run as they are. It is accepted in Development only.</summary>
    private const string DevelopmentToken = "super-secret-token";

    /// <summary>Registers the authentication of chat callers and the store of chat runs.</summary>
    public static void AddChatStreams(this IHostApplicationBuilder builder)
    {
        var (services, environment) = (builder.Services, builder.Environment);
        services.AddOptions<ServerTokenOptions>().Bind(builder.Configuration).ValidateOnStart();
        services.PostConfigure<ServerTokenOptions>(o => o.Token ??= environment.IsDevelopment() ? DevelopmentToken : null);
        services.AddSingleton<IValidateOptions<ServerTokenOptions>, ServerTokenOptionsValidator>();
        services.AddSingleton<ServerToken>().AddSingleton<ChatAuthenticator>().AddSingleton<ChatStreamStore>();
    }

    /// <summary>Rejects a token that could be guessed, outside Development.</summary>
    private sealed class ServerTokenOptionsValidator(IHostEnvironment environment) : IValidateOptions<ServerTokenOptions>
    {
        public ValidateOptionsResult Validate(string? name, ServerTokenOptions options) => environment.IsDevelopment() || string.IsNullOrEmpty(options.Token)
            ? ValidateOptionsResult.Success
            : SecretValidator.Validate(ServerTokenOptions.Variable, options.Token, environment);
    }
}
