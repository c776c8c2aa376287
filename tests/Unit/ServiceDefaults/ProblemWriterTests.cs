using System.Collections.Concurrent;
using System.Net;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Tests.Unit.ServiceDefaults;

public sealed class ProblemWriterTests
{
    [Fact]
    public async Task A_fault_is_logged_with_the_route_and_never_with_what_was_typed_into_the_address()
    {
        var lines = new Lines();
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(lines);
        builder.Services.AddSingleton(TimeProvider.System);
        await using var app = builder.Build();
        app.UseErrorResponses();
        app.MapGet("/patients/{id}", (RequestDelegate)(_ => throw new InvalidOperationException("Ada Lovelace")));
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new(app.Urls.Single()) };

        using var answer = await http.GetAsync(new Uri("/patients/Lovelace?name=Lovelace", UriKind.Relative));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains(lines, line => line.Contains("Unhandled System.InvalidOperationException in GET /patients/{id}", StringComparison.Ordinal));
        Assert.DoesNotContain(lines.Where(line => line.StartsWith("MedCor", StringComparison.Ordinal)),
            line => line.Contains("Lovelace", StringComparison.Ordinal));
    }

    /// <summary>A service passes on the refusal of another, as a guided prompt does with that of a tool.</summary>
    [Fact]
    public async Task A_refusal_that_is_passed_on_keeps_its_challenge()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        await using var app = builder.Build();
        app.UseErrorResponses();
        app.MapGet("/", (RequestDelegate)(_ =>
            throw new Refused(401, ErrorResponseWriter.ToProblem(new StepUpRequired(TimeSpan.FromMinutes(1)), "r", DateTimeOffset.UnixEpoch))));
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new(app.Urls.Single()) };

        using var answer = await http.GetAsync(new Uri("/", UriKind.Relative));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(StepUpFixture.Challenge(minutes: 1), answer.Headers.WwwAuthenticate.ToString());
    }

    private sealed class Lines : ConcurrentQueue<string>, ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(Lines lines, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue($"{category}: {formatter(state, exception)}");
        }
    }
}
