using MedCor.Gateway;
using MedCor.Gateway.Surfaces;
using MedCor.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorDefaults();
builder.AddGateway();

var app = builder.Build();
app.UseLabels();
app.UseMedCorDefaults();
app.UseOpenApi();
app.MapInvoke();
app.MapListTools();
app.MapResources();
app.MapPrompts();
app.MapSse();
Tickets.Map(app);
app.MapAccounts();
Readiness.Map(app);

await app.RunAsync();
