using MedCor.Gateway;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Surfaces;
using MedCor.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorDefaults();
builder.AddGateway();
builder.ListenWhereToldTo();

var app = builder.Build();
app.WarnOfReplacedSettings();
app.UseForwardedHeaders();
app.UseLabels();
app.UseMedCorDefaults();
app.UseChatProblems();
app.UsePages();
app.UseWebSockets();
app.MapSurfaces();

await app.RunAsync();
