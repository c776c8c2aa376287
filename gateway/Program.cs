using MedCor.Gateway;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Surfaces;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Telemetry;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorDefaults();
builder.Services.AddFreshTraces();
builder.AddGateway();
builder.AddOrigins();
builder.AddCompression();
builder.ListenWhereToldTo();

var app = builder.Build();
app.WarnOfReplacedSettings();
app.UseForwardedHeaders();
app.UseLabels();
app.UseMedCorDefaults();
app.UseOrigins();
app.UseChatProblems();
app.UseOptions();
app.UseResourceHints();
app.UseBodyRules();
app.UseCompression();
app.UsePages();
app.UseWebSockets();
app.UseSocketOrigins();
app.MapGroup("").WithHead().MapSurfaces();

await app.RunAsync();
