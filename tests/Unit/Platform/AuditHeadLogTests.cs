using System.Collections.Concurrent;
using MedCor.Platform.Audit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Tests.Unit.Platform;

/// <summary>Tests that no configured level keeps the heads of the audit trail out of the log.</summary>
public sealed class AuditHeadLogTests
{
    [Theory]
    [InlineData("Logging:LogLevel:Default", "None")]
    [InlineData("Logging:LogLevel:MedCor.AuditHeads", "None")]
    [InlineData("Logging:Lines:LogLevel:MedCor.AuditHeads*", "Critical")]
    public void Heads_are_logged_whatever_level_is_configured(string setting, string level)
    {
        using var lines = new Lines();
        using var services = new ServiceCollection()
            .AddLogging(logging => logging
                .AddConfiguration(new ConfigurationBuilder().AddInMemoryCollection([new(setting, level)]).Build().GetSection("Logging"))
                .SetMinimumLevel(LogLevel.None).Services.AddSingleton<ILoggerProvider>(lines))
            .AddSingleton<AuditHeadLog>().BuildServiceProvider();
        services.GetRequiredService<ILoggerFactory>().CreateLogger(AuditHeadLog.Category).LogInformation("suppressed");

        services.GetRequiredService<AuditHeadLog>().Write("a:1:00");

        Assert.Equal([(AuditHeadLog.Category, "Audit trail: head a:1:00")], lines.Written);
    }

    [ProviderAlias("Lines")]
    private sealed class Lines : ILoggerProvider
    {
        public ConcurrentQueue<(string Category, string Text)> Written { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, Written);

        public void Dispose() { }

        private sealed class Logger(string category, ConcurrentQueue<(string Category, string Text)> written) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                written.Enqueue((category, formatter(state, exception)));
        }
    }
}
