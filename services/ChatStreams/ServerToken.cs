using System.Security.Cryptography;
using System.Text;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MedCor.ChatStreams;

/// <summary>The token of programs that chat without a user, <c>MCP_SERVER_TOKEN</c>. Outside Development there is none unless it is set.</summary>
public sealed class ServerToken(IOptions<ServerTokenOptions> options)
{
    private readonly byte[]? _digest = options.Value.Token is { Length: > 0 } token ? Digest(token) : null;

    /// <summary>Whether this is it. Takes the same time whatever is sent.</summary>
    public bool Matches(string token) => _digest is not null && CryptographicOperations.FixedTimeEquals(_digest, Digest(token));

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

/// <summary>What <see cref="ServerToken"/> is configured with.</summary>
public sealed class ServerTokenOptions
{
    internal const string Variable = "MCP_SERVER_TOKEN";

    /// <summary>The token; outside Development at least 32 characters.</summary>
    [ConfigurationKeyName(Variable)]
    public string? Token { get; set; }
}

/// <summary>What the gateway and Chat share.</summary>
public static class ChatStreamsExtensions
{
    /// <summary>What clients are shown with, so that their examples run. It starts nowhere but in Development.</summary>
    private const string DevelopmentToken = "super-secret-token";

    /// <summary>Registers who may chat, and where calls are told.</summary>
    public static void AddChatStreams(this IHostApplicationBuilder builder)
    {
        var (services, environment) = (builder.Services, builder.Environment);
        services.AddOptions<ServerTokenOptions>().Bind(builder.Configuration).ValidateOnStart();
        services.PostConfigure<ServerTokenOptions>(o => o.Token ??= environment.IsDevelopment() ? DevelopmentToken : null);
        services.AddSingleton<IValidateOptions<ServerTokenOptions>, ServerTokenOptionsValidator>();
        services.AddSingleton<ServerToken>().AddSingleton<ChatAuthenticator>().AddSingleton<ChatStreamStore>();
    }

    /// <summary>Refuses, outside Development, one that could be guessed.</summary>
    private sealed class ServerTokenOptionsValidator(IHostEnvironment environment) : IValidateOptions<ServerTokenOptions>
    {
        public ValidateOptionsResult Validate(string? name, ServerTokenOptions options) => environment.IsDevelopment() || string.IsNullOrEmpty(options.Token)
            ? ValidateOptionsResult.Success
            : SecretValidator.Validate(ServerTokenOptions.Variable, options.Token, environment);
    }
}
