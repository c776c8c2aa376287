using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>Configures logging: <c>MCP_LOG_LEVEL</c> sets the level, and <c>MCP_LOG_FILE</c> adds a rolling file, one per process, to the console.</summary>
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

    /// <summary>Applies both settings. Throws <see cref="InvalidOperationException"/> when the level is unknown.</summary>
    public static void AddMedCorLogging(this IHostApplicationBuilder builder)
    {
        var (configuration, logging) = (builder.Configuration, builder.Logging);
        var level = ParseLevel(configuration["MCP_LOG_LEVEL"]);
        logging.SetMinimumLevel(level);

        // Spans already record the requests and addresses that the frameworks log, so only warnings and errors of the frameworks are kept, whatever the level.
        // Query exceptions are logged once, where they are converted to a response; a rejected double booking is no error.
        var frameworkLevel = level > LogLevel.Warning ? level : LogLevel.Warning;
        foreach (var framework in (string[])["Microsoft.AspNetCore", "System.Net.Http.HttpClient", "MassTransit", "OpenIddict", "Yarp.ReverseProxy"])
            logging.AddFilter(framework, frameworkLevel);
        // Logs a stack trace for every client that disconnects. The forwarding code logs failures itself.
        logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.None);
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None);
        // Logs every statement and connection attempt. The code that uses the server logs the outcome.
        logging.AddFilter("Npgsql", LogLevel.None);
        logging.AddFilter("StackExchange.Redis", LogLevel.None);
        // Logs the URIs that clients read, whose queries can contain patients' data. The surface logs unexpected failures itself.
        logging.AddFilter("ModelContextProtocol", LogLevel.None);
        // Logs every check of an unavailable dependency, with the exception's message. Readiness logs the changes.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);

        // AddSerilog would bypass the filters above and write everything to the file.
        if (configuration["MCP_LOG_FILE"] is { Length: > 0 } file)
            logging.Services.AddSingleton<ILoggerProvider>(
                _ => new SerilogLoggerProvider(CreateFileLogger(GetInstancePath(file, configuration, builder.Environment)), dispose: true));
    }

    /// <summary>Creates the logger of a log file of at most ten mebibytes, with five older files kept.</summary>
    internal static Logger CreateFileLogger(string path, long largest = MaxFileSize) => new LoggerConfiguration()
        .MinimumLevel.Verbose()
        .Enrich.With<LevelName>()
        .WriteTo.File(path, outputTemplate: "[{UtcTimestamp:yyyy-MM-dd HH:mm:ss}] {LevelName} [MCP] {Message:lj}{NewLine}{Exception}",
            formatProvider: System.Globalization.CultureInfo.InvariantCulture, fileSizeLimitBytes: largest, rollOnFileSizeLimit: true,
            retainedFileCountLimit: RetainedFiles + 1)
        .CreateLogger();

    private static LogLevel ParseLevel(string? name) => string.IsNullOrEmpty(name) ? LogLevel.Information
        : Levels.FirstOrDefault(l => l.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { Name: not null } match ? match.Level
        : throw new InvalidOperationException($"MCP_LOG_LEVEL must be one of {string.Join(", ", Levels.Select(l => l.Name))}.");

    /// <summary>
    /// Returns the file name of this instance: <c>logs/mcp_server.log</c> becomes <c>logs/mcp_server.clinical-1.log</c>, so that no two processes write the
    /// same file. The host names the instance in <c>MEDCOR_INSTANCE</c>; otherwise the name is the one used in telemetry.
    /// </summary>
    private static string GetInstancePath(string file, IConfiguration configuration, IHostEnvironment environment)
    {
        const string Attribute = "service.instance.id=";
        var instance = configuration["MEDCOR_INSTANCE"] ?? (configuration["OTEL_RESOURCE_ATTRIBUTES"] ?? "").Split(',')
            .FirstOrDefault(a => a.StartsWith(Attribute, StringComparison.Ordinal))?[Attribute.Length..]
            ?? configuration["OTEL_SERVICE_NAME"] ?? environment.ApplicationName.Split('.')[^1].ToLowerInvariant();
        return Path.ChangeExtension(file, instance + Path.GetExtension(file));
    }

    private sealed class LevelName : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory) =>
            logEvent.AddPropertyIfAbsent(propertyFactory.CreateProperty(nameof(LevelName),
                Levels.FirstOrDefault(l => l.Serilogs == logEvent.Level).Name ?? Levels[0].Name));
    }
}
