// Receives the mails that MedCor sends in development, and shows them instead of delivering them.

using System.Globalization;
using MedCor.Mailbox;
using SmtpServer;

var builder = WebApplication.CreateBuilder(args);
// Requests name addresses.
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSingleton(TimeProvider.System).AddSingleton<ReceivedMails>();
var app = builder.Build();
var mails = app.Services.GetRequiredService<ReceivedMails>();

var services = new SmtpServer.ComponentModel.ServiceProvider();
services.Add(mails);
var port = int.Parse(app.Configuration["MAILBOX_SMTP_PORT"] ?? "2525", CultureInfo.InvariantCulture);
var smtp = new SmtpServer.SmtpServer(
    new SmtpServerOptionsBuilder().ServerName("localhost").MaxMessageSize(ReceivedMails.MaxMessageSize, MaxMessageSizeHandling.Strict)
        .Endpoint(endpoint => endpoint.Endpoint(new(System.Net.IPAddress.Loopback, port)).SessionTimeout(TimeSpan.FromMinutes(2)))
        .Build(), services);

app.Use((http, next) =>
{
    var headers = http.Response.Headers;
    headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers["Referrer-Policy"] = "no-referrer";
    headers.XContentTypeOptions = "nosniff";
    headers.CacheControl = "no-store";
    return next(http);
});
app.MapGet("/health", () => "ok");
app.MapGet("/style.css", () => Results.File(typeof(ReceivedMails).Assembly.GetManifestResourceStream("style.css")!, "text/css"));
app.MapGet("/", (string? to) => Results.Content(MailboxPages.ShowList(mails.Find(to), to), "text/html; charset=utf-8"));
app.MapGet("/mails/{id:guid}", (Guid id) => mails.Find(id) is { } mail
    ? Results.Content(MailboxPages.Show(mail), "text/html; charset=utf-8")
    : Results.NotFound("There is no such mail, or no longer."));
app.MapGet("/api/mails", (string? to) => mails.Find(to));

var receiving = smtp.StartAsync(app.Lifetime.ApplicationStopping);
await app.RunAsync();
await receiving;
