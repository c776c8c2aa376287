using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>
/// What is logged, and where to beside the console: <c>MCP_LOG_LEVEL</c>, and <c>MCP_LOG_FILE</c> for a file as well, of this process alone, with older ones beside it.
/// </summary>
public static class LoggingExtensions
{
    private const int MaxFileSize = 10 * 1024 * 1024;
    private const int RetainedFiles = 5;

    private static readonly (string Name, LogLevel Level, LogEventLevel Serilogs)[] Levels =
    [
        ("DEBUG", LogLevel.Debug, LogEventLevel.Debug),
        ("INFO", LogLevel.Information, LogEventLevel.Information),
        ("WARNING", LogLevel.Warning, LogEventLevel.Warning),
        ("ERROR", LogLevel.Error, LogEventLevel.Error),
        ("CRITICAL", LogLevel.Critical, LogEventLevel.Fatal),
    ];

    /// <summary>Applies both. Throws <see cref="InvalidOperationException"/> when there is no such level.</summary>
    public static void AddMedCorLogging(this IHostApplicationBuilder builder)
    {
        var (configuration, logging) = (builder.Configuration, builder.Logging);
        var level = ParseLevel(configuration["MCP_LOG_LEVEL"]);
        logging.SetMinimumLevel(level);

        // The frameworks tell of requests and addresses what spans tell already, so of theirs only what went wrong is kept, whatever the level. What a query
        // throws is logged, once, where it becomes an answer; a refused double booking is no error.
        var wrong = level > LogLevel.Warning ? level : LogLevel.Warning;
        foreach (var framework in (string[])["Microsoft.AspNetCore", "System.Net.Http.HttpClient", "MassTransit"]) logging.AddFilter(framework, wrong);
        // With a stack for everybody who hangs up; who forwards tells what went wrong.
        logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.None);
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None);
        // Each statement and each attempt to connect; whoever needs the server tells what became of it.
        logging.AddFilter("Npgsql", LogLevel.None);
        logging.AddFilter("StackExchange.Redis", LogLevel.None);
        // Each look at something that is away, with the exception's text; Readiness tells what changes.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);

        // Not by AddSerilog, which lets everything through to the file, past the filters above.
        if (configuration["MCP_LOG_FILE"] is { Length: > 0 } file)
            logging.Services.AddSingleton<ILoggerProvider>(_ => new SerilogLoggerProvider(CreateFileLogger(GetInstancePath(file, configuration, builder.Environment)), dispose: true));
    }

    /// <summary>A file as MedCor writes it: ten mebibytes, and five older ones.</summary>
    internal static Logger CreateFileLogger(string path, long largest = MaxFileSize) => new LoggerConfiguration()
        .MinimumLevel.Verbose()
        .Enrich.With<LevelName>()
        .WriteTo.File(path, outputTemplate: "[{UtcTimestamp:yyyy-MM-dd HH:mm:ss}] {LevelName} [MCP] {Message:lj}{NewLine}{Exception}",
            formatProvider: System.Globalization.CultureInfo.InvariantCulture, fileSizeLimitBytes: largest, rollOnFileSizeLimit: true, retainedFileCountLimit: RetainedFiles + 1)
        .CreateLogger();

    private static LogLevel ParseLevel(string? name) => string.IsNullOrEmpty(name) ? LogLevel.Information
        : Levels.FirstOrDefault(l => l.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { Name: not null } known ? known.Level
        : throw new InvalidOperationException($"MCP_LOG_LEVEL must be one of {string.Join(", ", Levels.Select(l => l.Name))}.");

    /// <summary>
    /// <c>logs/mcp_server.log</c> becomes <c>logs/mcp_server.clinical-1.log</c>: no two processes can write the same file. The host names the instance; elsewhere it is named as in telemetry.
    /// </summary>
    private static string GetInstancePath(string file, IConfiguration configuration, IHostEnvironment environment)
    {
        const string Attribute = "service.instance.id=";
        var instance = configuration["MEDCOR_INSTANCE"] ?? (configuration["OTEL_RESOURCE_ATTRIBUTES"] ?? "").Split(',').FirstOrDefault(a => a.StartsWith(Attribute, StringComparison.Ordinal))?[Attribute.Length..]
            ?? configuration["OTEL_SERVICE_NAME"] ?? environment.ApplicationName.Split('.')[^1].ToLowerInvariant();
        return Path.ChangeExtension(file, instance + Path.GetExtension(file));
    }

    private sealed class LevelName : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory) =>
            logEvent.AddPropertyIfAbsent(propertyFactory.CreateProperty(nameof(LevelName), Levels.FirstOrDefault(l => l.Serilogs == logEvent.Level).Name ?? Levels[0].Name));
    }
}
