using MedCor.Gateway;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Endpoints;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.OpenApi;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorDefaults();
builder.Services.AddNewTracePerRequest();
builder.AddGateway();
builder.AddAllowedOrigins();
builder.AddCompression();
builder.UseHostAddress();

var app = builder.Build();
app.WarnOfUnsupportedSettings();
app.UseForwardedHeaders();
app.UseResponseHeaders();
app.UseMedCorDefaults();
app.UseAllowedOrigins();
app.UseChatErrorResponses();
app.UseOptionsMethod();
app.UseResourceSuggestions();
app.UseRequestBodyRules();
app.UseCompression();
app.UseDocumentationPages();
app.UseWebSockets();
app.UseWebSocketOriginCheck();
app.MapGroup("").WithHeadMethod().MapGatewayEndpoints();

await app.RunAsync();
