/** What is deployed reads this when it is loaded, so it has to be imported first. */
process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
