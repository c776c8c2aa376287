const eventSource = new EventSource(
  'http://localhost:8000/mcp/stream/03431c1a-1522-451c-9a28-1926439ae1b4',
  {
    headers: {
      'Authorization': 'Bearer super-secret-token'
    }
  }
);

let fullText = '';

eventSource.addEventListener('partial', (event) => {
  const data = JSON.parse(event.data);
  fullText += data.text;
  console.log('Partial:', data.text);
});

eventSource.addEventListener('final', (event) => {
  const data = JSON.parse(event.data);
  fullText = data.text; // Complete text
  console.log('Complete:', fullText);
  eventSource.close();
});

eventSource.addEventListener('error', (event) => {
  console.error('Error:', event.data);
  eventSource.close();
});
